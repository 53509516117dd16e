// What loading a model would mean for the others, in a sentence (`GET /api/plan`).

import type { BusyModel, ModelDetails, SwapPlan } from "../../api/schema";
import { about } from "./load_progress";
import { requestCount } from "./open_requests";

export interface PlanWords {
  sentence: string;
  /** Why those who leave have to; once when it is the same for all. */
  because: string[];
}

/** `idle` is in seconds, by model, as far as it is known. */
export function planWords(plan: SwapPlan, idle: ReadonlyMap<string, number>): PlanWords {
  const victims = plan.victims.map((victim) => described(victim, idle.get(victim.model)));
  return { sentence: sentence(plan, joined(victims)), because: because(plan) };
}

function sentence(plan: SwapPlan, victims: string): string {
  const reasons = plan.reasons.join(", and ");
  const time = plan.swap_seconds === null ? "" : ` and take about ${about(plan.swap_seconds)}`;
  switch (plan.outcome) {
    case "serve":
      return victims === "" ? "It is ready." : `It is ready; a request waits until ${victims} has stopped.`;
    case "join":
      return "It is being loaded.";
    case "refuse":
      return `Loading this would be refused: ${reasons}.`;
    case "wait": {
      const then = victims === "" ? "" : ` Then it would stop ${victims}${time}.`;
      return `Loading this would wait: ${reasons}.${then}`;
    }
    case "load": {
      if (victims !== "") return `Loading this would stop ${victims}${time}.`;
      const others = joined(plan.running.filter((busy) => busy.model !== plan.model).map((busy) => busy.model));
      const fits = others === "" ? "Nothing has to stop for it" : `Fits beside ${others}`;
      return plan.swap_seconds === null ? `${fits}.` : `${fits}; takes about ${about(plan.swap_seconds)}.`;
    }
  }
}

function because({ victims }: SwapPlan): string[] {
  const reasons = new Set(victims.map((victim) => victim.why));
  return reasons.size === 1 ? [...reasons] : victims.map((victim) => `${victim.model}: ${victim.why}`);
}

/** Seconds since a model served its last request; `null` unless its idle clock runs. */
export function idleSeconds(details: Pick<ModelDetails, "ttl_seconds" | "unload_at">, now: number): number | null {
  if (details.unload_at === null) return null;
  return Math.max(0, details.ttl_seconds - (Date.parse(details.unload_at) - now) / 1000);
}

function described(busy: BusyModel, idle: number | undefined): string {
  const parts = [];
  if (busy.in_flight > 0) parts.push(`serves ${requestCount(busy.in_flight)}`);
  if (busy.waiting > 0) parts.push(`${requestCount(busy.waiting)} ${busy.waiting === 1 ? "waits" : "wait"}`);
  if (busy.in_flight === 0 && idle !== undefined) parts.push(`idle ${about(idle)}`);
  return parts.length === 0 ? busy.model : `${busy.model} (${parts.join(", ")})`;
}

/** `a`, `a and b`, `a, b and c` */
function joined(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

// What happened to the herd, in words: each swap (who asked, who left, why, what it cost), and each model that stopped although no other
// wanted its place. The marks of the timeline and the table under it both show this list.

import type { ModelResidency, ResidencySpan, Swap } from "../../api/schema";
import { duration } from "../../format/time";

/** How something ended, or that it has not. */
export type Outcome = "ready" | "failed" | "abandoned" | "in progress" | "stopped" | "crashed";

export interface Fact {
  name: string;
  text: string;
}

export interface Happening {
  key: string;
  /** Milliseconds of the epoch. */
  at: number;
  model: string;
  outcome: Outcome;
  headline: string;
  /** Who left for it. */
  victims: string[];
  /** Why it happened, in one sentence. */
  why: string;
  /** Milliseconds that it took; `null` when that is not known, or not yet. */
  took: number | null;
  facts: Fact[];
}

/** Happenings that are shown: more could not be told apart on a screen. The latest are kept. */
export const HAPPENINGS_AT_MOST = 300;

/** All that is known to have happened, the earliest first. */
export function happeningsOf(swaps: readonly Swap[], residency: readonly ModelResidency[]): Happening[] {
  const ends = residency.flatMap((model) => endsOf(model));
  return [...swaps.map(swapped), ...ends].sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
}

/** What happened from a moment on, and how much of it is left out. */
export function since(happenings: readonly Happening[], from: number): { list: Happening[]; more: number } {
  const first = happenings.findIndex((happening) => happening.at >= from);
  const all = first < 0 ? [] : happenings.slice(first);
  const list = all.slice(-HAPPENINGS_AT_MOST);
  return { list, more: all.length - list.length };
}

/** A happening as one text, for those who hear it. */
export function spoken(happening: Happening): string {
  return [happening.headline, ...happening.facts.map(({ name, text }) => `${name}: ${text}`)].join(". ");
}

function swapped(swap: Swap): Happening {
  const outcome = swap.outcome === "in_progress" ? "in progress" : swap.outcome;
  const victims = swap.victims.map((victim) => victim.model);
  const facts: Fact[] = [
    { name: "Asked by", text: askedBy(swap) },
    { name: "Left", text: swap.victims.length === 0 ? "nobody had to" : swap.victims.map(leaver).join(", ") },
  ];
  if (swap.victims.length > 0) facts.push({ name: "Why", text: swap.explanation });
  if (swap.reason !== null) facts.push({ name: "Reason", text: swap.reason });
  const cost = costs(swap);
  if (cost !== "") facts.push({ name: "Cost", text: cost });
  return {
    key: `swap ${swap.id}`,
    at: Date.parse(swap.began),
    model: swap.model,
    outcome,
    headline: headline(swap, victims),
    victims,
    why: swap.reason ?? (victims.length === 0 ? `for ${askedBy(swap)}` : swap.explanation),
    took: swap.outcome === "in_progress" ? null : tookOf(swap),
    facts,
  };
}

/** Stops that no other model was the reason for, and processes that ended by themselves after they were ready. Failed starts are swaps. */
function endsOf({ id, spans }: ModelResidency): Happening[] {
  return spans.flatMap((span, index) => {
    if (span.state === "stopping" && span.by === null) return [ended(id, span.from, "stopped", span.cause, lengthOf(span))];
    if (span.state !== "ready" || span.until === null) return [];
    // Whoever is stopped goes through `stopping`.
    const isStopped = spans[index + 1]?.from === span.until;
    return isStopped ? [] : [ended(id, span.until, "crashed", span.ended ?? "its process has ended", null)];
  });
}

function ended(model: string, at: string, outcome: "stopped" | "crashed", why: string, took: number | null): Happening {
  const facts = [{ name: "Why", text: why }];
  if (took !== null) facts.push({ name: "Cost", text: `${duration(took)} to stop` });
  return {
    key: `${outcome} ${model} ${at}`,
    at: Date.parse(at),
    model,
    outcome,
    headline: outcome === "stopped" ? `${model} was stopped` : `${model} ended by itself`,
    victims: [],
    why,
    took,
    facts,
  };
}

function headline(swap: Swap, victims: readonly string[]): string {
  switch (swap.outcome) {
    case "in_progress":
      return `${swap.model} is being loaded${victims.length === 0 ? "" : ` in place of ${victims.join(", ")}`}`;
    case "ready":
      return victims.length === 0 ? `${swap.model} was loaded` : `${swap.model} took the place of ${victims.join(", ")}`;
    case "failed":
      return `${swap.model} could not be loaded`;
    case "abandoned":
      return `The load of ${swap.model} was given up`;
  }
}

function askedBy(swap: Swap): string {
  switch (swap.cause) {
    case "operator":
      return "an operator";
    case "preload":
      return "the preload at herder's start";
    case "request": {
      const count = swap.waited ?? swap.waiting;
      if (count <= 1) return "a request";
      return swap.waited === null ? `${count} requests, which wait` : `a request; ${count} waited for it in the end`;
    }
  }
}

function leaver(victim: { model: string; stop_seconds: number | null }): string {
  return victim.stop_seconds === null ? `${victim.model} (still there)` : `${victim.model} (gone after ${seconds(victim.stop_seconds)})`;
}

function costs(swap: Swap): string {
  const parts: string[] = [];
  if (swap.drain_seconds >= 0.0005) parts.push(`${seconds(swap.drain_seconds)} until it could begin`);
  if (swap.stop_seconds !== null) parts.push(`${seconds(swap.stop_seconds)} to stop`);
  if (swap.load_seconds !== null) parts.push(`${seconds(swap.load_seconds)} to load`);
  return parts.join(", ");
}

/** Milliseconds of stops and load. */
export function tookOf(swap: Pick<Swap, "stop_seconds" | "load_seconds">): number | null {
  if (swap.stop_seconds === null && swap.load_seconds === null) return null;
  return ((swap.stop_seconds ?? 0) + (swap.load_seconds ?? 0)) * 1000;
}

function lengthOf(span: ResidencySpan): number | null {
  return span.until === null ? null : Math.max(0, Date.parse(span.until) - Date.parse(span.from));
}

function seconds(value: number): string {
  return duration(value * 1000);
}

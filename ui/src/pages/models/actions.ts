// What a person can do with a model in its state, and what has to be asked before.

import type { ModelNow } from "../../api/schema";
import { requestCount, type Busy } from "./open_requests";

/** What this page has asked of herder for a model and waits for. */
export type Pending = "load" | "unload" | null;

/** The button of a model; `null` for a model of a peer, which herder does not run. */
export type Action = { kind: "load" | "cancel" | "unload"; disabled: boolean } | null;

export function actionOf(state: ModelNow["state"], pending: Pending): Action {
  if (state === "") return null;
  if (pending === "load") return { kind: "cancel", disabled: false };
  switch (state) {
    case "stopped":
      return { kind: "load", disabled: pending !== null };
    case "starting":
      return { kind: "cancel", disabled: pending !== null };
    case "ready":
      return { kind: "unload", disabled: pending !== null };
    // Not `load`: a second click on Unload must not load it again.
    case "stopping":
      return { kind: "unload", disabled: true };
  }
}

/** What a click on Cancel does. A wish that still waits its turn is given up without harm to others who want the same model. */
export function cancelling(state: ModelNow["state"], pending: Pending, busy: Busy): "give up" | "stop" | "ask" {
  const others = busy.serving + busy.waiting > 0;
  if (!others) return "stop";
  return pending === "load" && state !== "starting" ? "give up" : "ask";
}

/** What to ask before a model is stopped; `null` when nobody is harmed. */
export function stopQuestion(model: string, busy: Busy): string | null {
  const served = `${requestCount(busy.serving)} to ${model} ${busy.serving === 1 ? "is" : "are"} running and will be cut off.`;
  const waiting = `${requestCount(busy.waiting)} ${busy.waiting === 1 ? "waits" : "wait"} for ${model} and will be answered with an error.`;
  return [busy.serving > 0 ? served : "", busy.waiting > 0 ? waiting : ""].filter(Boolean).join(" ") || null;
}

/** What to ask before all models are stopped; `null` when nobody is harmed. */
export function stopAllQuestion(busy: ReadonlyMap<string, Busy>, local: ReadonlySet<string>): string | null {
  let serving = 0;
  let waiting = 0;
  for (const [model, counts] of busy) {
    if (!local.has(model)) continue;
    serving += counts.serving;
    waiting += counts.waiting;
  }
  return stopQuestion("the models", { serving, waiting });
}

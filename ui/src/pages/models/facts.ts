// Everything that herder knows of a model, as labelled facts for its page.

import type { MeasuredTime, ModelDetails } from "../../api/schema";
import { bytes, count } from "../../format/quantity";
import { dateTime, duration } from "../../format/time";
import { about } from "./load_progress";

export interface Fact {
  label: string;
  value: string;
  /** Shown as it is written, with a button that copies it. */
  code?: boolean;
}

/** The process and where it answers. */
export function processFacts(details: ModelDetails): Fact[] {
  const facts: Fact[] = [
    { label: "State", value: details.since === null ? details.state : `${details.state} since ${dateTime(Date.parse(details.since))}` },
    { label: "Process id", value: details.pid === null ? "no process" : String(details.pid) },
    { label: "Memory", value: memoryText(details) },
    { label: "Address", value: details.proxy, code: true },
    { label: "Command", value: details.cmd || "none", code: details.cmd !== "" },
  ];
  if (details.cmd_stop !== null) facts.push({ label: "Stop command", value: details.cmd_stop, code: true });
  facts.push({ label: "Ready when", value: details.check_endpoint === null ? "its process runs" : `${details.check_endpoint} answers` });
  return facts;
}

/** How much it takes, and when it goes. */
export function limitFacts(details: ModelDetails, now: number): Fact[] {
  const limit = details.concurrency_limit;
  return [
    { label: "Unloaded when idle", value: idleText(details, now) },
    { label: "Concurrency limit", value: limit === 0 ? "none" : count(limit) },
  ];
}

/** `after 10 m 00 s, in 4 m 12 s` */
export function idleText(details: Pick<ModelDetails, "ttl_seconds" | "unload_at">, now: number): string {
  if (details.ttl_seconds === 0) return "never";
  const after = `after ${duration(details.ttl_seconds * 1000)}`;
  if (details.unload_at === null) return after;
  return `${after}, in ${about(Math.max(0, (Date.parse(details.unload_at) - now) / 1000))}`;
}

/** What is measured: label, mean, and of how many. */
export function costRows(costs: ModelDetails["costs"]): [string, string, string][] {
  const row = (label: string, time: MeasuredTime): [string, string, string] => [
    label,
    time.seconds === null ? "–" : duration(time.seconds * 1000),
    count(time.count),
  ];
  return [row("Load", costs.load), row("Stop", costs.stop), row("Serve a request", costs.service)];
}

function memoryText(details: ModelDetails): string {
  if (details.resident_bytes !== null) return bytes(details.resident_bytes);
  return details.pid === null ? "none" : "not known on this system";
}

import { describe, expect, it } from "vitest";
import type { ModelDetails } from "../../api/schema";
import { costRows, idleText, limitFacts, processFacts } from "./facts";

describe("facts", () => {
  const now = Date.parse("2026-11-23T15:00:00.000Z");
  const time = { seconds: null, count: 0 };
  const details = {
    state: "ready", since: "2026-11-23T14:59:00.000Z", cmd: "serve", cmd_stop: null, proxy: "http://localhost:1", check_endpoint: "/health",
    pid: 7, ttl_seconds: 600, unload_at: "2026-11-23T15:04:10.000Z", concurrency_limit: 10, resident_bytes: 1536,
  } as ModelDetails;
  const value = (facts: { label: string; value: string }[], label: string) => facts.find((fact) => fact.label === label)?.value;
  it("process", () => {
    const facts = processFacts(details);
    expect(facts.map(({ label }) => label)).toEqual(["State", "Process id", "Memory", "Address", "Command", "Ready when"]);
    expect(value(facts, "Memory")).toBe("1.50 KiB");
    expect(value(facts, "Ready when")).toBe("/health answers");
    expect(facts.filter((fact) => fact.code).map((fact) => fact.label)).toEqual(["Address", "Command"]);
  });
  it("no process", () => {
    const facts = processFacts({ ...details, state: "stopped", since: null, pid: null, resident_bytes: null, check_endpoint: null, cmd: "", cmd_stop: "kill" });
    expect(["State", "Process id", "Memory", "Command", "Stop command", "Ready when"].map((label) => value(facts, label))).toEqual([
      "stopped", "no process", "none", "none", "kill", "its process runs",
    ]);
  });
  it("memory that the system does not tell", () =>
    expect(value(processFacts({ ...details, resident_bytes: null }), "Memory")).toBe("not known on this system"));
  it("limits", () =>
    expect(limitFacts({ ...details, concurrency_limit: 0 }, now)).toEqual([
      { label: "Unloaded when idle", value: "after 10 m 00 s, in 4 m 10 s" },
      { label: "Concurrency limit", value: "none" },
    ]));
  it.each([
    [0, null, "never"],
    [600, null, "after 10 m 00 s"],
    [600, "2026-11-23T14:59:00.000Z", "after 10 m 00 s, in 0.0 s"],
  ])("idle after %i, at %s", (ttl_seconds, unload_at, text) => expect(idleText({ ttl_seconds, unload_at }, now)).toBe(text));
  it("costs", () =>
    expect(costRows({ load: { seconds: 12.3, count: 1000 }, stop: { seconds: 0.04, count: 2 }, service: time })).toEqual([
      ["Load", "12.3 s", "1,000"],
      ["Stop", "40 ms", "2"],
      ["Serve a request", "–", "0"],
    ]));
});

import { describe, expect, it } from "vitest";
import type { Performance } from "../../api/schema";
import { afterOf, extended, SAMPLES_AT_MOST, type Samples } from "./samples";

const at = (second: number) => new Date(second * 1000).toISOString();
const looks = (system: number[], gpus: number[]) =>
  ({ enabled: true, sys_stats: system.map((s) => ({ timestamp: at(s) })), gpu_stats: gpus.map((s) => ({ timestamp: at(s) })) }) as Performance;
const none: Samples = { enabled: true, system: [], gpus: [] };
const seconds = (samples: readonly { timestamp: string }[]) => samples.map((sample) => Date.parse(sample.timestamp) / 1000);

describe("samples", () => {
  it("are taken once, whatever comes again", () => {
    const first = extended(none, looks([10, 15], [11, 11]));
    expect(afterOf(first)).toBe(at(11));
    const second = extended(first, looks([15, 20], [16, 16]));
    expect([seconds(second.system), seconds(second.gpus)]).toEqual([[10, 15, 20], [11, 11, 16, 16]]);
  });
  it("without GPUs are asked for from the last look on", () => {
    expect(afterOf(none)).toBeNull();
    expect(afterOf(extended(none, looks([10], [])))).toBe(at(10));
  });
  it("do not grow without bound", () => {
    const many = Array.from({ length: SAMPLES_AT_MOST + 3 }, (_, i) => i);
    const kept = extended(none, looks(many, []));
    expect(kept.system).toHaveLength(SAMPLES_AT_MOST);
    expect(seconds(kept.system)[0]).toBe(3);
  });
});

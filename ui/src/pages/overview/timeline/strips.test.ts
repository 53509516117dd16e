import { describe, expect, it } from "vitest";
import type { Samples } from "../samples";
import { areaOf, GPUS_AT_MOST, stripsOf, valueAt, type Point } from "./strips";

const at = (second: number) => new Date(second * 1000).toISOString();
const system = (second: number, used: number) => ({ timestamp: at(second), mem_used_mb: used, mem_total_mb: 2048 });
const gpu = (second: number, id: number, used: number, busy: number) =>
  ({ timestamp: at(second), id, uuid: `u${id}`, name: "Acme G1", mem_used_mb: used, mem_total_mb: 8192, gpu_util_pct: busy });
const samples = (more: object) => ({ enabled: true, system: [], gpus: [], ...more }) as unknown as Samples;

describe("strips", () => {
  it("memory of the machine, memory and use of each GPU, two of one name apart", () => {
    const strips = stripsOf(samples({ system: [system(1, 512)], gpus: [gpu(1, 0, 1024, 20), gpu(1, 1, 2048, 30), gpu(6, 0, 4096, 40)] }));
    expect(strips.map(({ label, points, text }) => [label, points, text(points[0]?.[1] ?? 0)])).toEqual([
      ["Memory", [[1000, 512]], "512 MiB of 2.00 GiB"],
      ["GPU 0 memory", [[1000, 1024], [6000, 4096]], "1.00 GiB of 8.00 GiB"],
      ["GPU 0 use", [[1000, 20], [6000, 40]], "20 %"],
      ["GPU 1 memory", [[1000, 2048]], "2.00 GiB of 8.00 GiB"],
      ["GPU 1 use", [[1000, 30]], "30 %"],
    ]);
  });
  it("of nothing are none, of many GPUs not all", () => {
    expect(stripsOf(samples({}))).toEqual([]);
    const many = Array.from({ length: 20 }, (_, id) => gpu(1, id, 0, 0));
    expect(stripsOf(samples({ gpus: many }))).toHaveLength(2 * GPUS_AT_MOST);
  });
});

describe("areas", () => {
  /** One pixel is one second. */
  const axis = { from: 1_000_000, to: 1_600_000, width: 600 };
  const area = (points: [number, number][]) => areaOf({ most: 100, points: points.map(([s, v]): Point => [s * 1000, v]) }, axis, 20);
  it.each<[string, [number, number][], string]>([
    ["nothing", [], ""],
    ["two looks", [[1100, 50], [1105, 100]], "M100 20L100 10.0L105 0.0L105 20Z"],
    ["a gap", [[1100, 50], [1105, 50], [1200, 50]], "M100 20L100 10.0L105 10.0L105 20ZM200 20L200 10.0L200 20Z"],
    ["a look in two minutes", [[1100, 50], [1220, 50], [1340, 50]], "M100 20L100 10.0L220 10.0L340 10.0L340 20Z"],
    ["out of the window", [[895, 50], [900, 50], [1700, 50]], ""],
    ["above the most", [[1100, 500]], "M100 20L100 0.0L100 20Z"],
    ["the highest of a pixel", [[1100.1, 50], [1100.2, 75], [1100.3, 25]], "M100 20L100 5.0L100 20Z"],
  ])("%s", (_name, points, path) => expect(area(points)).toBe(path));
  it("have at most a point per pixel", () => {
    const many = Array.from({ length: 20_000 }, (_, i): [number, number] => [1000 + i * 0.03, i % 100]);
    expect(area(many).split("L").length).toBeLessThanOrEqual(604);
  });
});

it.each([
  [5000, null],
  [10_000, 1],
  [19_000, 1],
  [21_000, 2],
  [80_000, 2],
  [80_001, null],
])("value at %d", (moment, value) => expect(valueAt([[10_000, 1], [20_000, 2]], moment)).toBe(value));

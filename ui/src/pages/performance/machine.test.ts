import { describe, expect, it } from "vitest";
import type { SystemSample } from "../../api/schema";
import { systemSample } from "../../../tests/support/samples";
import { machineCharts, percentText, ratesOf } from "./machine";

const START = Date.parse("2027-02-03T04:05:00Z");

const sample = (seconds: number, part?: Partial<SystemSample>) => systemSample(START + seconds * 1000, part);

const network = (bytes_recv: number, bytes_sent: number, name = "eth0") => ({ net_io: [{ name, bytes_recv, bytes_sent }] });

describe("machineCharts", () => {
  it("nothing without samples", () => expect(machineCharts([])).toEqual([]));
  it("memory, processors and load", () => {
    const charts = machineCharts([sample(0), sample(5)]);
    expect(charts.map(({ key, most, lines }) => [key, most, ...lines.map(({ label, values }) => `${label} ${values.join()}`)])).toEqual([
      ["memory", 64, "Memory 16,16"],
      ["memory-share", 100, "Memory 25,25"],
      ["cpu", 100, "All cores 20,20", "Core 0 10,10", "Core 1 30,30"],
      ["load", null, "1 min 0.7,0.7", "5 min 0.5,0.5", "15 min 0.4,0.4"],
    ]);
    expect(charts[0]?.text(16)).toBe("16.0 GiB");
  });
  it("swap where there is some", () => {
    const charts = machineCharts([sample(0, { swap_total_mb: 2048, swap_used_mb: 512 })]);
    expect(charts[0]?.lines[1]).toMatchObject({ label: "Swap", values: [0.5], most: 2 });
    expect(charts[1]?.lines[1]).toMatchObject({ label: "Swap", values: [25] });
  });
  it("network from two samples on", () => {
    expect(machineCharts([sample(0, network(0, 0))]).some(({ key }) => key === "network")).toBe(false);
    expect(machineCharts([sample(0, network(0, 0)), sample(5, network(1, 1))]).some(({ key }) => key === "network")).toBe(true);
  });
});

describe("ratesOf", () => {
  const rates = (...parts: Partial<SystemSample>[]) =>
    ratesOf(parts.map((part, index) => sample(index * 5, part))).map(({ label, points }) => [label, ...points.map(([, value]) => value)]);
  it("bits per second", () => {
    expect(rates(network(0, 0), network(6_250_000, 625_000))).toEqual([["eth0 in", 10], ["eth0 out", 1]]);
  });
  it("a counter that began anew gives no rate", () => {
    expect(rates(network(6_250_000, 0), network(100, 625_000), network(625_100, 625_000))).toEqual([
      ["eth0 in", null, 1],
      ["eth0 out", 1, 0],
    ]);
  });
  it("an interface that came later begins with its second sample", () => {
    expect(rates({}, network(0, 0, "wg0"), network(625_000, 0, "wg0"))).toEqual([["wg0 in", 1], ["wg0 out", 0]]);
  });
});

it.each([[0, "0 %"], [0.42, "0.4 %"], [12.6, "13 %"], [100, "100 %"]])("percent %d", (value, text) => expect(percentText(value)).toBe(text));

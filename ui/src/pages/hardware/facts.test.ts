import { expect, it } from "vitest";
import type { Hardware } from "../../api/schema";
import { HARDWARE } from "../../../tests/support/samples";
import { acceleratorsOf, machineOf, textOf, UNKNOWN } from "./facts";

/** All that may be unknown is. */
const UNKNOWN_MACHINE: Hardware = {
  ...HARDWARE,
  architecture: { name: "other", raw_name: "loong64" },
  operating_system: { family: "other", name: null, version: null, kernel: null, raw_family: "haiku" },
  environment: { kind: "unknown", name: null, version: null },
  cpu: { vendor: null, model: null, socket_count: null, physical_core_count: null, logical_thread_count: null },
  accelerators: [
    {
      index: 0,
      kind: "npu",
      vendor: null,
      model: null,
      architecture: null,
      memory: { kind: "unknown", capacity_bytes: null },
      driver: null,
      power_limit_watts: null,
    },
  ],
};

const texts = (groups: { title: string; facts: { name: string; text: string }[] }[]) =>
  groups.map(({ title, facts }) => [title, ...facts.map(({ text }) => text)]);

it("a known machine", () => {
  expect(texts(machineOf(HARDWARE))).toEqual([
    ["System", "debian 12", "6.1.0", "x86_64", "Container (docker)", "64.0 GiB"],
    ["CPU", "Acme 9000", "AcmeChip", "1", "8", "16"],
  ]);
  expect(texts(acceleratorsOf(HARDWARE))).toEqual([["G1", "Acme", "GPU", UNKNOWN, "24.0 GiB, dedicated", "acme 5.1", "350 W"]]);
});

it("a machine of which little is known", () => {
  expect(texts(machineOf(UNKNOWN_MACHINE))).toEqual([
    ["System", "haiku", UNKNOWN, "loong64", UNKNOWN, "64.0 GiB"],
    ["CPU", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN],
  ]);
  expect(texts(acceleratorsOf(UNKNOWN_MACHINE))).toEqual([["NPU 1", UNKNOWN, "NPU", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]]);
});

it("the text has all of it", () => {
  const text = textOf(HARDWARE);
  expect(text).toContain("System\n  Operating system: debian 12\n  Kernel: 6.1.0\n");
  expect(text).toContain("Accelerator 1: G1\n  Vendor: Acme\n  Kind: GPU\n  Architecture: Not detected\n  Memory: 24.0 GiB, dedicated\n");
  expect(text.endsWith("\n\nTaken 2027-02-03T04:00:00Z by herder 0.4.1\n")).toBe(true);
  expect(textOf({ ...HARDWARE, accelerators: [] })).toContain("Accelerators\n  None detected");
});

// What is known of the machine, in words: the same facts for the cards and for the text that goes into bug reports.

import type { Accelerator, Hardware, Versioned } from "../../api/schema";
import { bytes } from "../../format/quantity";

export interface Fact {
  name: string;
  text: string;
}

/** Facts of one thing. */
export interface Group {
  title: string;
  facts: Fact[];
}

/** For what herder could not find out. */
export const UNKNOWN = "Not detected";

const FAMILIES: Record<Hardware["operating_system"]["family"], string> = {
  linux: "Linux",
  macos: "macOS",
  windows: "Windows",
  freebsd: "FreeBSD",
  other: "Other",
};

const ENVIRONMENTS: Record<Hardware["environment"]["kind"], string> = {
  native: "Native",
  container: "Container",
  virtual_machine: "Virtual machine",
  wsl: "WSL",
  other: "Other",
  unknown: UNKNOWN,
};

const KINDS: Record<Accelerator["kind"], string> = { gpu: "GPU", npu: "NPU", other: "Other" };

const MEMORIES: Record<Accelerator["memory"]["kind"], string> = {
  dedicated: "dedicated",
  unified: "unified",
  shared_system: "shared with the system",
  unknown: "kind not detected",
};

/** The machine without its accelerators. */
export function machineOf(hardware: Hardware): Group[] {
  const { operating_system: system, architecture, environment, memory, cpu } = hardware;
  const product = joined(system.name, system.version) ?? system.raw_family ?? FAMILIES[system.family];
  const within = joined(environment.name, environment.version);
  return [
    {
      title: "System",
      facts: [
        fact("Operating system", product),
        fact("Kernel", system.kernel),
        fact("Architecture", architecture.name === "other" ? architecture.raw_name : architecture.name),
        fact("Environment", within === null ? ENVIRONMENTS[environment.kind] : `${ENVIRONMENTS[environment.kind]} (${within})`),
        fact("Memory", bytes(memory.capacity_bytes)),
      ],
    },
    {
      title: "CPU",
      facts: [
        fact("Model", cpu.model),
        fact("Vendor", cpu.vendor),
        fact("Sockets", cpu.socket_count),
        fact("Physical cores", cpu.physical_core_count),
        fact("Logical threads", cpu.logical_thread_count),
      ],
    },
  ];
}

/** Each accelerator. */
export function acceleratorsOf(hardware: Hardware): Group[] {
  return hardware.accelerators.map((accelerator) => {
    const { kind, memory, driver, power_limit_watts: limit } = accelerator;
    const capacity = memory.capacity_bytes === null ? null : `${bytes(memory.capacity_bytes)}, ${MEMORIES[memory.kind]}`;
    return {
      title: accelerator.model ?? `${KINDS[kind]} ${accelerator.index + 1}`,
      facts: [
        fact("Vendor", accelerator.vendor),
        fact("Kind", KINDS[kind]),
        fact("Architecture", accelerator.architecture),
        fact("Memory", capacity),
        fact("Driver", driver && versioned(driver)),
        fact("Power limit", limit === null ? null : `${Math.round(limit)} W`),
      ],
    };
  });
}

/** All of it as plain text. */
export function textOf(hardware: Hardware): string {
  const accelerators = acceleratorsOf(hardware).map((group, index) => ({ ...group, title: `Accelerator ${index + 1}: ${group.title}` }));
  const groups = [...machineOf(hardware), ...accelerators].map(({ title, facts }) =>
    [title, ...facts.map(({ name, text }) => `  ${name}: ${text}`)].join("\n"),
  );
  if (accelerators.length === 0) groups.push("Accelerators\n  None detected");
  const { detector } = hardware.capture;
  return `${groups.join("\n\n")}\n\nTaken ${hardware.captured_at} by ${versioned(detector)}\n`;
}

function fact(name: string, value: string | number | null | undefined): Fact {
  return { name, text: value === null || value === undefined || value === "" ? UNKNOWN : String(value) };
}

function versioned({ name, version }: Versioned): string {
  return joined(name, version) ?? UNKNOWN;
}

function joined(name: string | null, version: string | null): string | null {
  const text = [name, version].filter((part) => part !== null && part !== "").join(" ");
  return text === "" ? null : text;
}

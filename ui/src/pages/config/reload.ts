// What a reload of the configuration has done, in words, and what of it leads to a model's page.

import type { LastReload } from "../../api/schema";

export interface Change {
  label: string;
  names: readonly string[];
  /** Whether the names are models that exist now. */
  areModels: boolean;
}

/** What asked for a reload. */
const TRIGGERS: Record<LastReload["trigger"], string> = {
  request: "a request, such as the button here",
  file: "a change of the files",
  signal: "a signal to the process",
};

/** One sentence about a reload: its outcome, and what asked for it. */
export function outcome(reload: LastReload): { text: string; isRefused: boolean } {
  const by = `Asked for by ${TRIGGERS[reload.trigger]}.`;
  switch (reload.outcome) {
    case "applied":
      return { text: `The new configuration is in use. ${by}`, isRefused: false };
    case "unchanged":
      return { text: `The files say the same as before; nothing has changed. ${by}`, isRefused: false };
    case "refused":
      return { text: `The new configuration was refused. The old one stays in use. ${by}`, isRefused: true };
  }
}

/** What is different since, as far as anything is. */
export function changes(reload: Pick<LastReload, "added" | "changed" | "removed" | "settings">): Change[] {
  return [
    { label: "Added models", names: reload.added, areModels: true },
    { label: "Changed models", names: reload.changed, areModels: true },
    { label: "Removed models", names: reload.removed, areModels: false },
    { label: "Other settings", names: reload.settings, areModels: false },
  ].filter((change) => change.names.length > 0);
}

/** Where something is, as compilers write it; empty when that is not known. */
export function place(finding: { file: string | null; line: number | null; column: number | null }): string {
  if (finding.file === null) return "";
  return [finding.file, finding.line, finding.line === null ? null : finding.column].filter((part) => part !== null).join(":");
}

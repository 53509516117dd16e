// The tabs of a model's page, as the query names them.

export const TABS = [
  { name: "activity", text: "Activity" },
  { name: "logs", text: "Logs" },
  { name: "details", text: "Details" },
] as const;

type Tab = (typeof TABS)[number];

/** The tab that the query asks for, else the first. */
export function tabOf(text: string | null): Tab["name"] {
  return TABS.find((tab) => tab.name === text)?.name ?? "activity";
}

// The tabs of a model's page, as the query names them.

export const TABS = [
  { name: "activity", text: "Activity" },
  { name: "logs", text: "Logs" },
  { name: "details", text: "Details" },
] as const;

export type TabName = (typeof TABS)[number]["name"];

/** The tab that the query asks for. */
export function tabOf(text: string | null): TabName {
  return TABS.find((tab) => tab.name === text)?.name ?? "activity";
}

// The pages: what they are called, and the chunk in which each of them is. A chunk is fetched when its page is opened.

import type { Component } from "svelte";
import type { PageName, Place } from "../router/place";

/** A page's component. `model` is set on a model's page only; the others take nothing and ignore it. */
type Page = Component<{ model?: string }>;

interface Entry {
  text: string;
  load: () => Promise<{ default: Component<Record<string, never>> }>;
}

export const ENTRIES: Record<PageName, Entry> = {
  overview: { text: "Overview", load: () => import("../pages/overview/Overview.svelte") },
  models: { text: "Models", load: () => import("../pages/models/Models.svelte") },
  playground: { text: "Playground", load: () => import("../pages/playground/Playground.svelte") },
  activity: { text: "Activity", load: () => import("../pages/activity/Activity.svelte") },
  logs: { text: "Logs", load: () => import("../pages/logs/Logs.svelte") },
  performance: { text: "Performance", load: () => import("../pages/performance/Performance.svelte") },
  hardware: { text: "Hardware", load: () => import("../pages/hardware/Hardware.svelte") },
  config: { text: "Config", load: () => import("../pages/config/Config.svelte") },
  settings: { text: "Settings", load: () => import("../pages/settings/Settings.svelte") },
};

/** The heading of a place. */
export function headingOf(place: Place): string {
  switch (place.page) {
    case "model":
      return `Models / ${place.model}`;
    case "unknown":
      return "Page not found";
    default:
      return ENTRIES[place.page].text;
  }
}

/** The component of a place; `null` for an unknown one. */
export async function componentOf(place: Place): Promise<Page | null> {
  if (place.page === "unknown") return null;
  const { default: component } =
    place.page === "model" ? await import("../pages/models/Model.svelte") : await ENTRIES[place.page].load();
  return component as Page;
}

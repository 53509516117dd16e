// The entries of the sidebar, in its order, as a person sees them. Written down a second time on purpose: a test that asks the page for its
// own list would not notice that one is missing.

export const ENTRIES = [
  { text: "Overview", path: "/ui/" },
  { text: "Models", path: "/ui/models" },
  { text: "Playground", path: "/ui/playground" },
  { text: "Activity", path: "/ui/activity" },
  { text: "Logs", path: "/ui/logs" },
  { text: "Performance", path: "/ui/performance" },
  { text: "Hardware", path: "/ui/hardware" },
  { text: "Config", path: "/ui/config" },
  { text: "Settings", path: "/ui/settings" },
] as const;

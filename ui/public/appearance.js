// Sets the colours before the first paint. The page keeps what was chosen under these keys (src/appearance.svelte.ts).
(() => {
  const kept = (key, fallback) => {
    try {
      const value = JSON.parse(localStorage.getItem(key) ?? "null");
      return typeof value === "string" ? value : fallback;
    } catch {
      return fallback;
    }
  };
  const mode = kept("herder-mode", "system");
  const isDark = mode === "dark" || (mode === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", isDark);
  document.documentElement.dataset.palette = kept("herder-palette", "meadow");
})();

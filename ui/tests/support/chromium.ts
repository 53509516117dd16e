// Where the browser of the tests is. None is ever downloaded: `cargo xtask ui` and `cargo xtask test` say what to install.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs that are Chromium, in the order in which they are looked for in PATH. xtask/src/web_page/chromium.rs has the same list. */
export const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"] as const;

/** The program that `HERDER_CHROMIUM` names, else the first of `NAMES` in PATH. Throws, saying what to install, when there is none. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment["HERDER_CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const name of NAMES) {
    for (const folder of folders) {
      const path = join(folder, process.platform === "win32" ? `${name}.exe` : name);
      if (isProgram(path)) return path;
    }
  }
  throw new Error(
    `no browser: install Chromium (Debian: chromium), or set HERDER_CHROMIUM to its program; looked for ${NAMES.join(", ")} in PATH`,
  );
}

/** What Chromium needs to be told: as root, in a container, it refuses to start inside its own sandbox. */
export function chromiumFlags(): string[] {
  return process.getuid?.() === 0 ? ["--no-sandbox"] : [];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// What no page may do in any test, unless the test expects it: write an error to the console (a violation of the content security
// policy is one), throw, or ask another host.

import type { BrowserContext } from "@playwright/test";

/** What a test expects and therefore allows. */
export interface Exception {
  /** An error in the console with such a text. */
  console?: RegExp;
  /** An uncaught error with such a text. */
  thrown?: RegExp;
}

/** Watches all pages of a context. `own` names where pages may come from, `allow` makes exceptions, `complaints` are what is left. */
export class Strictness {
  #origins: string[] = [];
  #complaints: { kind: keyof Exception | "host"; text: string }[] = [];
  #exceptions: Exception[] = [];

  own(origin: string): void {
    this.#origins.push(`${origin}/`);
  }

  watch(context: BrowserContext): void {
    context.on("console", (message) => {
      if (message.type() !== "error") return;
      // An answer without success is for the page to show; Chromium reports it in the console as well. Files of the page are another matter.
      const { url } = message.location();
      if (message.text().startsWith("Failed to load resource:") && !this.#isOwn(url, "ui/")) return;
      this.#complaints.push({ kind: "console", text: `${message.text()} (${url})` });
    });
    context.on("weberror", (error) => this.#complaints.push({ kind: "thrown", text: String(error.error().stack ?? error.error()) }));
    context.on("request", (request) => {
      const url = request.url();
      if (!this.#isOwn(url) && !/^(data|blob|about):/.test(url)) this.#complaints.push({ kind: "host", text: `asked ${url}` });
    });
  }

  allow(exception: Exception): void {
    this.#exceptions.push(exception);
  }

  complaints(): string[] {
    const left = this.#complaints.filter(
      ({ kind, text }) => kind === "host" || !this.#exceptions.some((exception) => exception[kind]?.test(text)),
    );
    return left.map(({ kind, text }) => `${kind}: ${text}`);
  }

  #isOwn(url: string, below = ""): boolean {
    return this.#origins.some((origin) => url.startsWith(origin + below));
  }
}

// Where the person is. Pages keep what is worth a link (tab, filters, sort, window of time) in the query; the browser's Back works.

import { pathOfHash, placeOf, type Place } from "./place";

class Router {
  #url = $state.raw(new URL(location.href));
  readonly path = $derived(this.#url.pathname);
  /** The same object until the path changes: a change of the query alone must not make a page anew. */
  readonly place: Place = $derived(placeOf(this.path));
  readonly query = $derived(this.#url.searchParams);

  constructor() {
    this.#follow();
    // Also comes when somebody writes another hash into the address.
    addEventListener("popstate", () => this.#follow());
    document.addEventListener("click", (event) => this.#clicked(event));
  }

  /** Goes to a path of this site. */
  go(path: string): void {
    const url = new URL(path, location.href);
    if (url.href === this.#url.href) return;
    history.pushState(null, "", url);
    this.#url = url;
  }

  /** Changes some values of the query; `null` takes one away. A change of the view is a step back for the Back button only when `step`. */
  change(values: Record<string, string | null>, step = false): void {
    const url = new URL(this.#url);
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === "") url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    if (url.href === this.#url.href) return;
    if (step) history.pushState(null, "", url);
    else history.replaceState(null, "", url);
    this.#url = url;
  }

  /** Takes over the browser's address; an old link becomes the path that it means. */
  #follow(): void {
    const old = pathOfHash(location.hash);
    if (old !== null) history.replaceState(null, "", old);
    this.#url = new URL(location.href);
  }

  /** Links of this site are followed without loading it again. */
  #clicked(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!link.pathname.startsWith("/ui/") || link.hash) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const router = new Router();

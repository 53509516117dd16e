// How many requests go out at a time. Browsers open about six connections to a host over HTTP/1.1: one is the page's event stream,
// and one stays free, so that this and other pages can still ask for something.

const OVER_HTTP_1 = 4;

/** herder takes a hundred streams on a connection; some stay free. */
const OVER_HTTP_2 = 64;

/** `protocols` are those of the page's last answers, as the browser names them. */
export function widthOf(protocols: readonly string[]): number {
  return protocols.some((protocol) => protocol === "h2" || protocol === "h3") ? OVER_HTTP_2 : OVER_HTTP_1;
}

/** The protocols over which the page itself came. */
export function protocolsOfPage(): string[] {
  const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  return entries.map((entry) => (entry as PerformanceResourceTiming).nextHopProtocol);
}

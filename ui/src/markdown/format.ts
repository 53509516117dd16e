// Markdown as HTML that is safe to insert, whoever wrote it: raw HTML is text, links lead to http, https and mailto only, pictures are
// links, and there are no styles. In the chunk with micromark.
//
// The order matters: micromark escapes every `<`, `>`, `&` and `"` of the text, so that the patterns below match nothing but tags that
// micromark has made.

import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { formulaHtml, formulas, type Draw } from "./formula";

/** What may be there later: see `wants`. */
export interface Engines {
  draw: Draw | null;
  highlight: ((code: string, language: string) => string | null) | null;
}

export interface Context {
  engines: Engines;
  /** Origin of this page: links to herder itself would act with the rights of the person. */
  origin: string;
  /** Begins the ids of footnotes. */
  prefix: string;
}

export interface Formatted {
  html: string;
  /** It would look better with these engines. */
  wants: { draw: boolean; highlight: boolean };
}

/** Formulas of one part of an answer that are drawn. */
const MOST_FORMULAS = 200;

/** A line that opens more quotations and lists within each other than anybody reads: browsers take seconds to lay them out. */
const TOO_DEEP = /^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))){31}.*[^\s*_-]/m;

const SAFE_PROTOCOLS = ["http:", "https:", "mailto:"];

/** Formats one part of an answer. Throws when it is better shown as it is written. */
export function format(markdown: string, context: Context): Formatted {
  if (TOO_DEEP.test(markdown)) throw new Error("it is nested too deeply");
  const { engines } = context;
  const wants = { draw: false, highlight: false };
  let drawn = 0;
  const draw: Draw = (tex, display) => {
    drawn += 1;
    return drawn > MOST_FORMULAS ? null : (engines.draw?.(tex, display) ?? null);
  };
  const html = micromark(markdown, {
    extensions: [gfm(), formulas],
    htmlExtensions: [
      gfmHtml({ clobberPrefix: context.prefix, labelTagName: "p", labelAttributes: 'class="hidden-text"' }),
      formulaHtml(engines.draw === null ? null : draw),
    ],
  });
  wants.draw = engines.draw === null && html.includes('<span class="formula');
  const colour = (code: string, language: string): string | null => {
    if (engines.highlight === null) wants.highlight = true;
    return engines.highlight?.(code, language) ?? null;
  };
  return { html: finish(html, context, colour), wants };
}

function finish(html: string, { origin, prefix }: Context, colour: (code: string, language: string) => string | null): string {
  return html
    .replaceAll(/<pre><code(?: class="language-([^"]*)")?>([\s\S]*?)<\/code><\/pre>/g, (_, language: string | undefined, code: string) =>
      codeBlock(code, unescapeHtml(language ?? ""), colour),
    )
    .replaceAll(/<img src="([^"]*)" alt="([^"]*)"(?: title="[^"]*")? \/>/g, (_, address: string, text: string) =>
      // Fetching it would tell another host that and when this answer is read.
      `${openLink(address, origin)}Picture: ${text || address}</a>`,
    )
    .replaceAll(/<a href="([^"]*)"([^>]*)>/g, (whole, address: string, more: string) => {
      if (more.includes(" rel=")) return whole;
      const isNote = address.startsWith(`#${prefix}`) && more !== "";
      return isNote ? whole : openLink(address, origin);
    })
    .replaceAll(/<(\/?)h([1-6])\b/g, (_, slash: string, level: string) => `<${slash}h${Math.min(6, Number(level) + 2)}`)
    .replaceAll(/<input type="checkbox"( disabled="")( checked="")?/g, (_, disabled: string, checked: string | undefined) =>
      `<input type="checkbox" aria-label="${checked === undefined ? "to do" : "done"}"${disabled}${checked ?? ""}`,
    )
    .replaceAll("<table>", '<div class="table-frame" role="region" aria-label="Table" tabindex="0"><table class="table">')
    .replaceAll("</table>", "</table></div>");
}

/** The beginning of a link; without an address where it would lead nowhere good. */
function openLink(escaped: string, origin: string): string {
  const address = unescapeHtml(escaped);
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return "<a>";
  }
  if (!SAFE_PROTOCOLS.includes(url.protocol) || url.origin === origin) return "<a>";
  return `<a href="${escapeHtml(url.href)}" target="_blank" rel="noopener noreferrer">`;
}

/** Escaped code with its language and a button that copies it; whoever inserts the block listens to clicks. */
function codeBlock(escaped: string, language: string, colour: (code: string, language: string) => string | null): string {
  const coloured = language === "" ? null : colour(unescapeHtml(escaped), language);
  const name = escapeHtml(language);
  const label = name === "" ? "Code" : `Code in ${name}`;
  return (
    `<div class="code"><div class="code-head"><span>${name}</span><button type="button" class="button small" data-copy>Copy</button></div>` +
    `<pre tabindex="0" role="region" aria-label="${label}"><code>${coloured ?? escaped}</code></pre></div>`
  );
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function unescapeHtml(html: string): string {
  return html.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

import { describe, expect, it } from "vitest";
import { format, type Engines } from "./format";
import { highlight } from "./highlight";
import { drawTex } from "./tex";

const ENGINES: Engines = { draw: drawTex, highlight };
const html = (markdown: string, engines: Engines = ENGINES): string =>
  format(markdown, { engines, origin: "http://herder.example", prefix: "p-" }).html;
/** Draws a formula so that tables can be read. */
const marked = (markdown: string): string => html(markdown, { draw: (tex, display) => (display ? `[[${tex}]]` : `[${tex}]`), highlight: null });
const plain = (markdown: string): string => marked(markdown).replaceAll(/<[^>]+>/g, "").trim();

describe("Markdown", () => {
  const table: [string, string, string][] = [
    ["table", "|a|b|\n|-|-:|\n|1|2|", '<td align="right">2</td>'],
    ["table can be scrolled with keys", "|a|\n|-|\n|1|", '<div class="table-frame" role="region" aria-label="Table" tabindex="0"><table class="table">'],
    ["task list", "- [x] a\n- [ ] b", 'aria-label="done" disabled="" checked=""'],
    ["strikethrough", "~~a~~", "<del>a</del>"],
    ["autolink", "see www.example.com now", '<a href="http://www.example.com/" target="_blank" rel="noopener noreferrer">www.example.com</a>'],
    ["mail", "<me@example.com>", 'href="mailto:me@example.com"'],
    ["footnote", "a[^1]\n\n[^1]: b", 'href="#p-fn-1"'],
    ["headings stand below those of the page", "# a\n\n## b\n\n###### c", "<h3>a</h3>\n<h4>b</h4>\n<h6>c</h6>"],
    ["code is coloured", "```python\ndef f(): pass\n```", '<span class="hljs-keyword">def</span>'],
    ["code has a button", "```\na\n```", '<button type="button" class="button small" data-copy>Copy</button>'],
    ["code in a list has one, too", "- a\n\n  ```js\n  let a\n  ```", "data-copy"],
    ["unknown language", "```klingon\na < b\n```", "<code>a &lt; b\n</code>"],
    ["open fence", "```js\nlet a", '<span class="hljs-keyword">let</span> a'],
  ];
  it.each(table)("%s", (_, markdown, expected) => expect(html(markdown)).toContain(expected));
});

describe("formulas", () => {
  const table: [string, string, string][] = [
    ["inline", "so $E=mc^2$.", "so [E=mc^2]."],
    ["two in a line", "$a$ and $b$", "[a] and [b]"],
    ["round brackets", "so \\(a\\) and \\(b_1 * c_2 * d\\).", "so [a] and [b_1 * c_2 * d]."],
    ["square brackets", "\\[a\\]", "[[a]]"],
    ["square brackets within text", "so \\[a\\] is", "so [[a]] is"],
    ["double dollars on one line", "$$a$$", "[[a]]"],
    ["double dollars within text", "so $$a$$ is", "so [[a]] is"],
    ["several lines that look like Markdown", "$$\n- a\n# b\n= c\n> d\n$$", "[[\n- a\n# b\n= c\n> d\n]]"],
    ["square brackets over lines", "\\[\na\n= b\n\\]\nafter", "[[\na\n= b\n]]\nafter"],
    ["interrupts a paragraph", "text\n$$\na\n$$\nmore", "text\n[[\na\n]]\nmore"],
    ["in a list", "- x\n  $$\n  a\n  $$\n- y", "x[[\na\n]]\ny"],
    ["in a quotation", "> $$\n> a\n> $$", "[[\na\n]]"],
    ["in a table", "|a|\n|-|\n|$x$|", "a\n\n\n\n\n[x]"],
    ["escaped dollar in one", "$a\\$b$", "[a\\$b]"],
    ["line break in TeX", "\\[a \\\\[2pt] b\\]", "[[a \\\\[2pt] b]]"],
    ["over a line break", "$a\nb$", "[a\nb]"],
    ["behind a parenthesis", "($x$)", "([x])"],
    ["price", "$5 and $6", "$5 and $6"],
    ["prices and a formula", "$5 and $x$", "$5 and [x]"],
    ["price at the end", "from $5 to 10$", "from [5 to 10]"],
    ["closing before a digit", "$a$5", "$a$5"],
    ["space inside", "$ a $", "$ a $"],
    ["escaped", "\\$a\\$", "$a$"],
    ["no end", "$$\na", "$$\na"],
    ["no end, one line", "\\(a", "(a"],
    ["ends at a blank line", "$$\na\n\nb", "$$\na\nb"],
    ["an escaped parenthesis", "\\(a) and (b\\)", "[a) and (b]"],
    ["three dollars", "$$$a$$$", "$$$a$$$"],
    ["dollars alone", "$$$$", "$$$$"],
    ["empty", "\\(\\)", "[]"],
    ["case 32: inline code", "`\\(a\\)` and `$a$`", "\\(a\\) and $a$"],
  ];
  it.each(table)("%s: %j", (_, markdown, expected) => expect(plain(markdown)).toBe(expected));
  it("case 32: a fence keeps its brackets", () => {
    expect(marked("```\n\\(a\\) $$b$$ \\[c\\]\n```")).toContain("\\(a\\) $$b$$ \\[c\\]");
  });
  it("are drawn as MathML", () => expect(html("$E=mc^2$")).toMatch(/<math xmlns.*<msup>.*annotation/));
  it("are shown as they are written when they make no sense, and say what is wanted", () => {
    expect(html("$\\nonsense{$")).toContain('<code class="tex wrong">$\\nonsense{$</code>');
    const found = format("$a$", { engines: { draw: null, highlight: null }, origin: "", prefix: "" });
    expect(found.wants).toEqual({ draw: true, highlight: false });
    expect(found.html).toContain("$a$");
  });
});

/** Tags and attributes that an answer may bring into the page; MathML aside. */
const TAGS = /^(p|h[3-6]|ul|ol|li|strong|em|del|code|pre|a|br|hr|blockquote|table|thead|tbody|tr|th|td|div|span|button|input|sup|section)$/;
const ATTRIBUTES =
  /^(class|href|target|rel|align|start|type|checked|disabled|role|tabindex|id|aria-label|aria-describedby|dir|data-copy|data-footnotes|data-footnote-ref|data-footnote-backref)$/;

/** Fails on a tag or an attribute that no answer should bring. */
function expectHarmless(found: string): void {
  const withoutMaths = found.replaceAll(/<math [\s\S]*?<\/math>/g, "");
  for (const [, tag = "", attributes = ""] of withoutMaths.matchAll(/<([a-z][^\s/>]*)((?:\s+[^\s=/>]+(?:="[^"]*")?)*)\s*\/?>/gi)) {
    expect(tag).toMatch(TAGS);
    for (const [, name = "", value] of attributes.matchAll(/([^\s=]+)(?:="([^"]*)")?/g)) {
      expect(name).toMatch(ATTRIBUTES);
      if (name === "href") expect(value).toMatch(/^(https?:|mailto:|#p-)/);
    }
  }
  // What is left is no tag.
  const text = withoutMaths.replaceAll(/<\/?[a-z][^\s/>]*(?:\s+[^\s=/>]+(?:="[^"]*")?)*\s*\/?>/gi, "");
  expect(text).not.toContain("<");
  for (const [maths] of found.matchAll(/<math [\s\S]*?<\/math>/g)) expect(maths).not.toMatch(/<[^>]*\s(on\w+|href|style|src)=/i);
}

describe("case 31: what would do harm", () => {
  const table: string[] = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "a <script>alert(1)</script> b",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '<a href="javascript:alert(1)">x</a>',
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>*{display:none}</style>",
    '<div style="position:fixed">x</div>',
    "<!-- <img src=x> -->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?php echo 1 ?>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](java\\script:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](<\u0001javascript:alert(1)>)",
    "[x]( javascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](vbscript:x)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](blob:http://a/b)",
    "[x](file:///etc/passwd)",
    "[x](/unload)",
    "[x](//herder.example/unload)",
    "[x](http://herder.example/unload)",
    "[x](../api/config/reload)",
    "[x](#content)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](http://a.example/b.png)',
    '![x](http://a.example/b.png "t\\" onload=\\"alert(1)")',
    '[x](http://a.example/" "onclick=alert(1)//")',
    '[x](http://a.example "t\\" onmouseover=\\"alert(1)")',
    '```"><img src=x onerror=alert(1)>\na\n```',
    '```js" onclick="alert(1)\na\n```',
    "```x</code></pre><script>alert(1)</script>\na\n```",
    "```html\n<img src=x onerror=alert(1)>\n```",
    "```html\n<script>alert('a')</script></code></pre>\n```",
    "`</code><img src=x onerror=alert(1)>`",
    '<pre><code class="language-x">&lt;img src=x&gt;</code></pre>',
    '\\<img src="a" alt="b" />',
    '&lt;img src="a" alt="b" /&gt;',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\url{javascript:alert(1)}$",
    "$\\htmlStyle{position:fixed}{x}$",
    "$\\htmlClass{evil}{x}$ $\\htmlData{a=b}{x}$ $\\htmlId{a}{x}$",
    "$\\includegraphics{http://a.example/x.png}$",
    '$\\text{<img src=x onerror=alert(1)> " style="x"}$',
    "$\\fcolorbox{red}{blue}{x}$",
    "$\\color{red\"onclick=\"alert(1)}{x}$",
    "$</annotation></math><img src=x onerror=alert(1)>$",
    "$<script>$",
    "[^1]: <script>\n\na[^1]",
    'a[^x"onclick="y]\n\n[^x"onclick="y]: b',
    "<a@b.c\" onclick=\"x>",
    "www.example.com/\"onclick=\"alert(1)",
    "http://a.example/<script>alert(1)</script>",
    "|<script>|\n|-|\n|<img src=x onerror=alert(1)>|",
    "# <img src=x onerror=alert(1)>",
    "\u0000<script>\u0000</script>",
    "- [x] <input onfocus=alert(1) autofocus>",
  ];
  it.each(table)("%j", (markdown) => expectHarmless(html(markdown)));

  it("pictures become links: nothing is fetched from another host", () => {
    expect(html("![a cat](http://a.example/b.png)")).toContain(
      '<a href="http://a.example/b.png" target="_blank" rel="noopener noreferrer">Picture: a cat</a>',
    );
  });
  it("an answer made of all of them", () => expectHarmless(html(table.join("\n\n"))));
  it("random mixtures of them", () => {
    const pieces = [...table.join("\n").matchAll(/[\s\S]{1,4}/g)].map(([piece]) => piece);
    let seed = 1;
    for (let round = 0; round < 300; round += 1) {
      let text = "";
      for (let count = 0; count < 60; count += 1) {
        seed = (seed * 48_271) % 2_147_483_647;
        text += pieces[seed % pieces.length] ?? "";
      }
      expectHarmless(html(text));
    }
  });
});

describe("what would take for ever", () => {
  const ten = (text: string): string => text.repeat(10_000);
  const table: [string, string][] = [
    ["[", ten("[")],
    ["![", ten("![")],
    ["[a](", ten("[a](")],
    ["*a _b ", ten("*a _b ")],
    ["**a ", ten("**a ")],
    ["`", ten("`")],
    ["$a ", ten("$a ")],
    ["$$a ", ten("$$a ")],
    ["\\(", ten("\\(")],
    ["\\[a ", ten("\\[a ")],
    ["\\(a\n", ten("\\(a\n")],
    ["$$\n", ten("$$\n")],
    ["<", ten("<")],
    ["&", ten("&")],
    ["- ", ten("- ")],
    ["[^", ten("[^")],
    ["|", ten("|a") + "\n" + ten("|-")],
    ["nested braces", `$${"{".repeat(2000)}$`],
    ["nested fractions", `$${"\\frac{1}{".repeat(300)}x${"}".repeat(300)}$`],
    ["doubling definition", "$\\def\\a{\\b\\b}\\def\\b{\\c\\c}\\def\\c{\\d\\d}\\def\\d{\\e\\e}\\def\\e{\\f\\f}\\def\\f{\\g\\g}\\def\\g{\\h\\h}\\def\\h{\\i\\i}\\def\\i{\\j\\j}\\def\\j{xx}\\a$"],
    ["endless definition", "$\\def\\a{\\a\\a}\\a$"],
    ["global definition", "$\\gdef\\a{\\a}\\a$"],
    ["huge rule", "$\\rule{999999em}{999999em}$"],
    ["many formulas", "$a$ ".repeat(5000)],
    ["code", "```js\n" + "a = '" + "\\".repeat(20_000) + "\n```"],
    ["code without an end", "```html\n" + "<a ".repeat(9000)],
    ["xml in php in xml", "```php\n" + "<?php ?><a>".repeat(2500)],
  ];
  it.each(table)("%s", (_, markdown) => {
    const start = performance.now();
    const found = html(markdown.slice(0, 60_000));
    expect(performance.now() - start).toBeLessThan(8000);
    expectHarmless(found);
  }, 30_000);
  it.each([ten(">"), `x\n${ten("> ")}`, `${ten("- ")}a`, `${ten("1. ")}a`, `${ten("> - ")}a`])("nesting is shown as it is written", (markdown) => {
    expect(() => html(markdown)).toThrow("nested too deeply");
  });
  it.each([`${">".repeat(20)} a`, `${"- ".repeat(40)}`, `${"-".repeat(80)}`, `${"* ".repeat(40)}`])("%j is not too deep", (markdown) => {
    expect(html(markdown)).toMatch(/<(blockquote|hr)/);
  });
  it("a definition does not outlive its formula", () => {
    expect(html("$\\gdef\\secret{1}$ $\\secret$")).toContain('<code class="tex wrong">$\\secret$</code>');
  });
});

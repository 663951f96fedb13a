/** Markdown and cells' HTML as parts of one page: headings in order, addresses inside the site, tables that can be scrolled. */
import { Marked } from "marked";
import { highlight } from "./code.ts";
import { escapeHtml, type HtmlElement, htmlWindow, slug } from "./html.ts";
import { cleanHtml } from "./untrusted_html.ts";

/** A heading of the page, for its contents. */
export interface Heading {
  level: number;
  id: string;
  text: string;
}

/** What the parts of one page share. */
export interface PageProse {
  /** All headings up to now. */
  headings: Heading[];
  /** HTML of a Markdown text. */
  markdown(text: string): string;
  /** HTML that a cell has put out. */
  html(html: string): string;
}

const marked = new Marked({
  gfm: true,
  renderer: {
    code: ({ text, lang = "" }) =>
      `<pre><code class="hljs">${highlight(text, lang === "ts" ? "typescript" : lang)}</code></pre>\n`,
  },
});

/** @param pages files of the site by the notebook that a link may name: `03_split.ipynb` → `03_split.html` */
export function pageProse(pages: ReadonlyMap<string, string>): PageProse {
  const headings: Heading[] = [];
  const finish = (html: string): string => {
    const root = cleanHtml(html);
    for (const heading of [...root.querySelectorAll("h1, h2, h3, h4, h5, h6")]) {
      heading.replaceWith(inOrder(heading, headings));
    }
    for (const link of root.querySelectorAll("a[href]")) leadInside(link, pages);
    for (const cell of [...root.querySelectorAll("th")]) {
      if (cell.textContent?.trim() === "") cell.replaceWith(htmlWindow().document.createElement("td")); // no head
    }
    for (const table of [...root.querySelectorAll("table")]) makeScrollable(table, headings.at(-1)?.text);
    for (const block of root.querySelectorAll("pre")) makeFocusable(block, "Code");
    return root.innerHTML;
  };
  return {
    headings,
    markdown: (text) => finish(marked.parse(text, { async: false })),
    html: finish,
  };
}

/** The page's first heading is its h1; no later one is, and none is more than a level below the one before. */
function inOrder(heading: HtmlElement, headings: Heading[]): HtmlElement {
  const wanted = Number(heading.tagName[1]);
  const before = headings.at(-1)?.level ?? 0;
  const level = before === 0 ? 1 : Math.min(Math.max(wanted, 2), before + 1);
  const text = heading.textContent?.trim() ?? "";
  const base = slug(text) === "content" ? "contents" : slug(text); // "content" is the page's own
  const taken = headings.filter(({ id }) => id === base || id.startsWith(`${base}-`)).length;
  const id = taken === 0 ? base : `${base}-${taken + 1}`;
  headings.push({ level, id, text });
  const result = htmlWindow().document.createElement(`h${level}`);
  result.setAttribute("id", id);
  result.innerHTML = heading.innerHTML;
  return result;
}

/** A link to a notebook leads to its page; one to a file that the site has not is no link. */
function leadInside(link: HtmlElement, pages: ReadonlyMap<string, string>): void {
  const address = link.getAttribute("href")!;
  if (/^(?:https?:|mailto:|#)/i.test(address)) return;
  const [file, place = ""] = address.replace(/^\.\//, "").split("#");
  const page = pages.get(file);
  if (page) link.setAttribute("href", place ? `${page}#${place}` : page);
  else link.removeAttribute("href");
}

/** A short paragraph right over a table is its caption; without one it is named by the heading above. */
function makeScrollable(table: HtmlElement, above = ""): void {
  const before = table.previousElementSibling;
  const caption = before?.tagName === "P" ? before.textContent?.trim() ?? "" : "";
  const name = caption !== "" && caption.length <= 100 ? caption : above;
  const frame = htmlWindow().document.createElement("div");
  frame.setAttribute("class", "table");
  makeFocusable(frame, name ? `Table: ${name}` : "Table");
  table.replaceWith(frame);
  frame.append(table);
}

/** What can be wider than the page is scrolled by keyboard, too. */
function makeFocusable(element: HtmlElement, name: string): void {
  element.setAttribute("tabindex", "0");
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", name);
}

/** A text as a paragraph, line breaks kept. */
export function plainBlock(text: string, options: { name: string; kind?: string }): string {
  const { name, kind = "text" } = options;
  return `<pre class="${kind}" tabindex="0" role="group" aria-label="${escapeHtml(name)}">${
    escapeHtml(text)
  }</pre>`;
}

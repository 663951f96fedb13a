/**
 * Turns Markdown and the HTML of cells into parts of a page.
 *
 * A notebook's outputs are untrusted: its sender decides what is in them. So DOMPurify keeps only the tags and attributes that
 * tables and prose need. The page's content security policy is a second line of defence. (ipynb2html and notebookjs were tried
 * instead: the first does not clean HTML, and both lose a figure's description and its interactive form.)
 */
import createDOMPurify from "dompurify";
import hljs from "highlight.js";
import { JSDOM } from "jsdom";
import { Marked } from "marked";
import { escapeHtml } from "../../support/format.ts";

/** The members of an element that are used here: jsdom comes without types. */
interface HtmlElement {
  tagName: string;
  textContent: string | null;
  innerHTML: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  querySelectorAll(selector: string): Iterable<HtmlElement>;
  replaceWith(...nodes: (HtmlElement | string)[]): void;
  append(...nodes: (HtmlElement | string)[]): void;
  previousElementSibling: HtmlElement | null;
}

/** A window without scripts that loads nothing. */
const window = new JSDOM("<!doctype html>").window;
const createElement = (name: string): HtmlElement => window.document.createElement(name);

/** JSON that is safe in a `<script>` element: no text in it can end the element. */
export function scriptJson(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[<\u2028\u2029]/g, escaped);
}

/** A text as the id of a heading: "What we got" → "what-we-got". */
export function slug(text: string): string {
  return text.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "section";
}

/** HTML of code, with class names for the colours, which the page's style sheet sets. An unknown language stays plain. */
export function highlight(code: string, language: string): string {
  return hljs.getLanguage(language) ? hljs.highlight(code, { language }).value : escapeHtml(code);
}

const tags =
  ("a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p " +
    "pre s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var").split(" ");
const attributes = "align alt class colspan height href reversed rowspan scope span src start title width"
  .split(" ");
/** Pictures must be part of the page: loading one from a server would tell the server who reads. SVG can contain scripts. */
const pictureInPage = /^data:image\/(?:png|jpeg|gif|webp);base64,[a-z0-9+/=\s]+$/i;
/** Class names that colour code. With others, a cell's output could look like a part of the page. */
const codeClass = /^(?:hljs(?:-[a-z_-]+)?|language-[a-z]+)$/;

const purifier = createDOMPurify(window as never);
purifier.addHook("afterSanitizeAttributes", (node) => {
  const element = node as unknown as HtmlElement;
  const classes = (element.getAttribute("class") ?? "").split(/\s+/).filter((name) => codeClass.test(name));
  if (classes.length > 0) element.setAttribute("class", classes.join(" "));
  else element.removeAttribute("class");
  const address = element.getAttribute("href") ?? "";
  if (element.tagName !== "A" || /^\s*(?:data|\/\/|[\\/])/i.test(address)) element.removeAttribute("href");
  else if (/^https?:/i.test(address)) element.setAttribute("rel", "noopener noreferrer");
  const alt = element.getAttribute("alt");
  if (element.tagName !== "IMG") element.removeAttribute("src");
  else if (!pictureInPage.test(element.getAttribute("src") ?? "")) {
    element.replaceWith(`[Picture left out: ${alt || "it is not part of this page"}]`);
  } else if (alt === null) element.setAttribute("alt", "Picture without a description");
});

/** Cleans untrusted HTML: scripts, styles, forms, frames and outside resources are removed. */
export function cleanHtml(html: string): HtmlElement {
  const root = createElement("div");
  root.innerHTML = purifier.sanitize(html, {
    ALLOWED_TAGS: tags,
    ALLOWED_ATTR: attributes,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|data:image\/|#|[^a-z]|[a-z0-9._/-]+(?:[^a-z0-9._/:-]|$))/i,
  });
  return root;
}

/** A heading of a page, for its table of contents. */
export interface Heading {
  level: number;
  id: string;
  text: string;
}

/** Makes the HTML of one page's parts, which share the headings so far and the targets of links to notebooks. */
export interface Prose {
  headings: Heading[];
  /** HTML of a Markdown text. */
  markdown(text: string): string;
  /** HTML that a cell has shown, cleaned. */
  html(html: string): string;
  /** HTML of a heading that the report adds. */
  heading(text: string, level: number): string;
}

const marked = new Marked({
  renderer: {
    code: ({ text, lang = "" }) =>
      `<pre><code class="hljs">${highlight(text, lang === "ts" ? "typescript" : lang)}</code></pre>\n`,
  },
});

/** @param pages the site's page for each file that a link may name: `03_split.ipynb` → `03_split.html` */
export function pageProse(pages: ReadonlyMap<string, string>): Prose {
  const headings: Heading[] = [];
  const addHeading = (text: string, wanted: number) => {
    // Only the page's first heading is an h1, and no heading is more than one level below the one before.
    const before = headings.at(-1)?.level ?? 0;
    const level = before === 0 ? 1 : Math.min(Math.max(wanted, 2), before + 1);
    const base = slug(text) === "content" ? "contents" : slug(text); // "content" is the id of <main>
    let id = base;
    for (let n = 2; headings.some((heading) => heading.id === id); n++) id = `${base}-${n}`;
    const heading = { level, id, text };
    headings.push(heading);
    return heading;
  };
  const html = (source: string): string => {
    const root = cleanHtml(source);
    for (const heading of [...root.querySelectorAll("h1, h2, h3, h4, h5, h6, table")]) {
      if (heading.tagName === "TABLE") {
        makeScrollable(heading, headings.at(-1)?.text);
        continue;
      }
      const { level, id } = addHeading(heading.textContent?.trim() ?? "", Number(heading.tagName[1]));
      const inOrder = createElement(`h${level}`);
      inOrder.setAttribute("id", id);
      inOrder.innerHTML = heading.innerHTML;
      heading.replaceWith(inOrder);
    }
    for (const link of root.querySelectorAll("a[href]")) leadInside(link, pages);
    for (const cell of [...root.querySelectorAll("th")]) {
      if (cell.textContent?.trim() !== "") continue;
      const plain = createElement("td"); // an empty head is no heading
      for (const name of ["colspan", "rowspan"]) {
        const value = cell.getAttribute(name);
        if (value !== null) plain.setAttribute(name, value);
      }
      cell.replaceWith(plain);
    }
    for (const block of root.querySelectorAll("pre")) makeFocusable(block, "Code");
    return root.innerHTML;
  };
  return {
    headings,
    html,
    markdown: (text) => html(marked.parse(text, { async: false })),
    heading(text, wanted) {
      const { level, id } = addHeading(text, wanted);
      return `<h${level} id="${id}">${escapeHtml(text)}</h${level}>`;
    },
  };
}

/** Makes a link to a notebook lead to its page. A link to a file that the site does not have loses its address. */
function leadInside(link: HtmlElement, pages: ReadonlyMap<string, string>): void {
  const address = link.getAttribute("href")!;
  if (/^(?:https?:|mailto:|#)/i.test(address)) return;
  const [file, place = ""] = address.replace(/^\.\//, "").split("#");
  const page = pages.get(file);
  if (page) link.setAttribute("href", place ? `${page}#${place}` : page);
  else link.removeAttribute("href");
}

/** Puts a table into a frame that scrolls. Its name is the short paragraph right above it, or else the heading above. */
function makeScrollable(table: HtmlElement, above = ""): void {
  const before = table.previousElementSibling;
  const caption = before?.tagName === "P" ? before.textContent?.trim() ?? "" : "";
  const name = caption !== "" && caption.length <= 100 ? caption : above;
  const frame = createElement("div");
  frame.setAttribute("class", isWordy(table) ? "wordy table" : "table");
  makeFocusable(frame, name ? `Table: ${name}` : "Table");
  table.replaceWith(frame);
  frame.append(table);
}

/**
 * Whether a table has sentences in its cells, not counting the first column. Then each cell gets its column's title: on a phone, the
 * cells stand one below the other.
 */
function isWordy(table: HtmlElement): boolean {
  const titles = [...table.querySelectorAll("thead th, thead td")].map((cell) =>
    cell.textContent?.trim() ?? ""
  );
  const cells = [...table.querySelectorAll("tbody td")];
  const isLong = (cell: HtmlElement, i: number) =>
    i % titles.length > 0 && (cell.textContent ?? "").trim().length > 60;
  if (!cells.some(isLong)) return false;
  cells.forEach((cell, i) => cell.setAttribute("data-title", titles[i % titles.length]));
  return true;
}

/** Lets the keyboard scroll an element that may be wider than the page. */
function makeFocusable(element: HtmlElement, name: string): void {
  for (const [attribute, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", name]]) {
    element.setAttribute(attribute, value);
  }
}

/** HTML as text, and the little of a DOM that the report needs (jsdom comes without types). */
import { JSDOM } from "jsdom";

/** An element of jsdom's document. */
export interface HtmlElement {
  tagName: string;
  textContent: string | null;
  innerHTML: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  hasAttribute(name: string): boolean;
  querySelectorAll(selector: string): Iterable<HtmlElement>;
  replaceWith(...nodes: (HtmlElement | string)[]): void;
  append(...nodes: (HtmlElement | string)[]): void;
  previousElementSibling: HtmlElement | null;
}

/** What is used of jsdom's window. */
export interface HtmlWindow {
  document: { createElement(name: string): HtmlElement };
}

let loaded: HtmlWindow | undefined;

/** A window without scripts that loads nothing. */
export function htmlWindow(): HtmlWindow {
  return loaded ??= new JSDOM("<!doctype html><body></body>").window as HtmlWindow;
}

/** Text for between tags and for attribute values in double quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}

/** JSON that can stand in a `<script>` element: no text in it can end the element. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll(
    "\u2029",
    "\\u2029",
  );
}

/** A text's name in an address: "What we got" → "what-we-got". */
export function slug(text: string): string {
  return text.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "section";
}

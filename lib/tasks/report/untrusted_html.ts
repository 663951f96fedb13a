/**
 * HTML out of a notebook is untrusted: whoever sends a notebook decides what its cells show. It passes DOMPurify with a
 * short list of what tables and prose need; the page's content security policy is the net below that.
 */
import createDOMPurify from "dompurify";
import { type HtmlElement, htmlWindow } from "./html.ts";

const tags = [
  ..."a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd"
    .split(" "),
  ..."li ol p pre s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var".split(
    " ",
  ),
];
const attributes = "align alt class colspan height href reversed rowspan scope span src start title width"
  .split(" ");

/** Pictures come along in the page or not at all: an address elsewhere would tell its server who reads. SVG can hold scripts. */
const pictureInPage = /^data:image\/(?:png|jpeg|gif|webp);base64,[a-z0-9+/=\s]+$/i;
/** Of class names only those that colour code: others could dress a cell's output as a part of the page. */
const codeClass = /^(?:hljs(?:-[a-z_-]+)?|language-[a-z]+)$/;

let purifier: ReturnType<typeof createDOMPurify> | undefined;

/** What an untrusted piece of HTML may show, and nothing of what it may do: no script, style, form, frame, outside resource. */
export function cleanHtml(html: string): HtmlElement {
  purifier ??= makePurifier();
  const clean = purifier.sanitize(html, {
    ALLOWED_TAGS: tags,
    ALLOWED_ATTR: attributes,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|data:image\/|#|[^a-z]|[a-z0-9._/-]+(?:[^a-z0-9._/:-]|$))/i,
  });
  const root = htmlWindow().document.createElement("div");
  root.innerHTML = clean;
  return root;
}

function makePurifier(): ReturnType<typeof createDOMPurify> {
  const purifier = createDOMPurify(htmlWindow() as never);
  purifier.addHook("afterSanitizeAttributes", (node) => {
    const element = node as unknown as HtmlElement;
    const classes = (element.getAttribute("class") ?? "").split(/\s+/).filter((name) => codeClass.test(name));
    if (classes.length > 0) element.setAttribute("class", classes.join(" "));
    else element.removeAttribute("class");
    if (element.tagName === "A") cleanLink(element);
    else element.removeAttribute("href");
    if (element.tagName === "IMG") cleanPicture(element);
    else element.removeAttribute("src");
  });
  return purifier;
}

function cleanLink(link: HtmlElement): void {
  const address = link.getAttribute("href") ?? "";
  if (/^\s*(?:data|\/\/|[\\/])/i.test(address)) link.removeAttribute("href");
  if (/^https?:/i.test(address)) link.setAttribute("rel", "noopener noreferrer");
}

function cleanPicture(picture: HtmlElement): void {
  if (pictureInPage.test(picture.getAttribute("src") ?? "")) {
    if (!picture.hasAttribute("alt")) picture.setAttribute("alt", "Picture without a description");
    return;
  }
  picture.replaceWith(`[Picture left out: ${picture.getAttribute("alt") || "it is not part of this page"}]`);
}

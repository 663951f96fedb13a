/** The frame of every page: head with its security policy, navigation, contents, footer. */
import { escapeHtml, slug } from "./html.ts";
import type { Heading } from "./prose.ts";
import { notMedical, reportTitle } from "./summary.ts";

/** A page that the navigation leads to. */
export interface PageLink {
  file: string;
  title: string;
  /** What the navigation calls it. */
  short: string;
}

export interface PageContent {
  file: string;
  title: string;
  /** Above the first heading: why what follows is not whole, not real, not what it seems. */
  warnings: string[];
  /** HTML, trusted or cleaned. */
  body: string;
  headings: Heading[];
}

/**
 * Scripts and pictures come from the site's own files alone, and nothing is sent anywhere. `file:` is there since a page opened
 * from a disk has no origin that 'self' could name. Styles in attributes are plotly's; those of cells are taken out before.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self' file:",
  "style-src 'self' file: 'unsafe-inline'",
  "img-src 'self' file: data:",
  "font-src 'self' file:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** The HTML of a page. Plotly is loaded where a figure needs it; pages are reached without scripts, too. */
export function pageHtml(page: PageContent, pages: PageLink[]): string {
  const at = pages.findIndex(({ file }) => file === page.file);
  const hasFigures = page.body.includes('class="figure"');
  const title = page.file === "index.html" ? page.title : `${page.title} · ${reportTitle}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="assets/icon.svg">
<link rel="stylesheet" href="assets/style.css">
<script src="assets/theme.js"></script>
${
    hasFigures
      ? '<script src="assets/plotly.min.js" defer></script>\n<script src="assets/figures.js" defer></script>'
      : ""
  }
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header class="top">
<nav aria-label="Pages"><ol>
${pages.map((link) => navigationLink(link, link.file === page.file)).join("\n")}
</ol></nav>
<button type="button" class="theme" hidden>Dark</button>
</header>
<div class="columns">
${contentsHtml(page.headings)}
<main id="content" tabindex="-1">
${
    page.warnings.map((text) => `<p class="warning" role="note"><strong>${escapeHtml(text)}</strong></p>`)
      .join("\n")
  }
${page.body}
<nav class="steps" aria-label="Before and after">${stepLink(pages[at - 1], "prev")}${
    stepLink(pages[at + 1], "next")
  }</nav>
</main>
</div>
<footer><p>${notMedical} Photos: HAM10000 (Tschandl, Rosendahl &amp; Kittler 2018), CC BY-NC 4.0; none is shown here.</p></footer>
</body>
</html>
`;
}

/** A heading made by the report itself, in the page's contents like those of the notebooks. */
export function heading(text: string, options: { level: number; headings: Heading[] }): string {
  const id = slug(text);
  options.headings.push({ level: options.level, id, text });
  return `<h${options.level} id="${id}">${escapeHtml(text)}</h${options.level}>`;
}

function navigationLink({ file, short }: PageLink, isHere: boolean): string {
  return `<li><a href="${file}"${isHere ? ' aria-current="page"' : ""}>${escapeHtml(short)}</a></li>`;
}

function contentsHtml(headings: Heading[]): string {
  const entries = headings.filter(({ level }) => level === 2);
  if (entries.length < 2) return "";
  const items = entries.map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`).join("\n");
  return `<nav class="contents" aria-label="On this page"><p>On this page</p><ol>\n${items}\n</ol></nav>`;
}

function stepLink(link: PageLink | undefined, rel: "prev" | "next"): string {
  if (!link) return "<span></span>";
  const label = rel === "prev" ? `← ${link.title}` : `${link.title} →`;
  return `<a rel="${rel}" href="${link.file}">${escapeHtml(label)}</a>`;
}

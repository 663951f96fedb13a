/** The frame of every page: head with its security policy, navigation, contents, figures, footer. */
import { type Heading, scriptJson } from "./html.ts";
import { escapeHtml } from "../../support/format.ts";

/** The report's title, and the note that must be on every page. */
export const reportTitle = "Skin lesions with VGG16: a write-up, reproduced";
export const notMedical = "This is a study of a method. It is no medical device.";

/** A page that the navigation leads to. */
export interface PageLink {
  file: string;
  title: string;
  /** Its title in the navigation. */
  short: string;
}

export interface PageContent {
  file: string;
  title: string;
  /** Shown above the first heading: why the results are incomplete, synthetic, or not what they seem. */
  warnings: string[];
  /** HTML that the report made itself or has cleaned. */
  body: string;
  headings: Heading[];
}

/**
 * Scripts and pictures come only from the site's own files, and nothing is sent anywhere. `file:` is needed because a page opened
 * from a disk has no origin that 'self' could match. 'unsafe-inline' is for plotly's style attributes; those of cells are removed.
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

/** The HTML of a page. Plotly is only loaded if the page has a figure; links between pages need no script. */
export function pageHtml(page: PageContent, pages: PageLink[], { photos }: { photos: string }): string {
  const at = pages.findIndex(({ file }) => file === page.file);
  const title = page.file === "index.html" ? page.title : `${page.title} · ${reportTitle}`;
  const scripts = page.body.includes('class="figure"') ? ["plotly.min.js", "figures.js"] : [];
  const chapters = page.headings.filter(({ level }) => level === 2);
  const lines = <T>(items: T[], html: (item: T) => string) => items.map(html).join("\n");
  const step = (link: PageLink | undefined, rel: "prev" | "next") => {
    if (!link) return "<span></span>";
    const label = rel === "prev" ? `← ${link.title}` : `${link.title} →`;
    return `<a rel="${rel}" href="${link.file}">${escapeHtml(label)}</a>`;
  };
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
${lines(scripts, (name) => `<script src="assets/${name}" defer></script>`)}
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header class="top">
<nav aria-label="Pages"><ol>
${
    lines(pages, ({ file, short }) => {
      const here = file === page.file ? ' aria-current="page"' : "";
      return `<li><a href="${file}"${here}>${escapeHtml(short)}</a></li>`;
    })
  }
</ol></nav>
<button type="button" class="theme" hidden>Dark</button>
</header>
<div class="columns">
${
    chapters.length < 2 ? "" : `<nav class="contents" aria-label="On this page"><p>On this page</p><ol>
${lines(chapters, ({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`)}
</ol></nav>`
  }
<main id="content" tabindex="-1">
${lines(page.warnings, (text) => `<p class="warning" role="note"><strong>${escapeHtml(text)}</strong></p>`)}
${page.body}
<nav class="steps" aria-label="Before and after">${step(pages[at - 1], "prev")}${
    step(pages[at + 1], "next")
  }</nav>
</main>
</div>
<footer><p>${notMedical} ${escapeHtml(photos)}</p></footer>
</body>
</html>
`;
}

/** Collects the pictures of a page as files of the site. */
export interface Pictures {
  /** Keeps a picture; returns its address in the site. */
  add(bytes: Uint8Array, extension: string): string;
}

/** A figure as a notebook's output holds it. */
export interface StoredFigure {
  /** Plotly's figure, with width and height in pixels in its layout. */
  spec: unknown;
  png: Uint8Array;
  /** The figure in words. */
  alt: string;
}

/**
 * HTML of a figure: a picture, its interactive form if scripts run (`figures.js` draws it from the JSON), and its description.
 *
 * @param figures one or two; the second is the same figure for pages at most 600 pixels wide (`figures.js` has the same limit)
 */
export function figureHtml([figure, narrow]: StoredFigure[], pictures: Pictures): string {
  const alt = escapeHtml(figure.alt);
  const specs = [figure, narrow].flatMap((form) => form ? [form.spec] : []);
  const address = pictures.add(figure.png, "png");
  const source = narrow
    ? `\n<source media="(max-width: 600px)" srcset="${pictures.add(narrow.png, "png")}" ${
      sides(narrow.spec)
    }>`
    : "";
  return `<figure class="figure">
<div class="frame" tabindex="0" role="group" aria-label="Figure">
<picture>${source}
<img class="static" src="${address}" ${sides(figure.spec)} alt="${alt}"></picture>
</div>
<script type="application/json">${scriptJson(specs)}</script>
<details><summary>The figure in words</summary><p>${alt}</p></details>
</figure>`;
}

/** Width and height as attributes, so that the page does not jump when the picture loads; 900 × 500 if missing or implausible. */
function sides(spec: unknown): string {
  const { layout } = (spec ?? {}) as { layout?: Record<string, unknown> };
  const side = (value: unknown, usual: number) =>
    Number.isInteger(value) && Number(value) >= 50 && Number(value) <= 5000 ? value : usual;
  return `width="${side(layout?.width, 900)}" height="${side(layout?.height, 500)}"`;
}

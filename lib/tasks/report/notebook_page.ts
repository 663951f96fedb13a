/** An executed notebook as a page: its text, its code, and each output in the richest form that is safe to show. */
import { stripVTControlCharacters } from "node:util";
import { type PhotoMetadata, photoTag } from "../../support/photo_tag.ts";
import { findPixels } from "../../support/notebook/photos.ts";
import type {
  CodeCell,
  DisplayOutput,
  Notebook,
  Output,
  ResultOutput,
} from "../../support/notebook/ipynb.ts";
import { findStop, stopText, withoutStopNotice } from "../../support/notebook/stop_notice.ts";
import { highlight, pageProse, type Prose } from "./html.ts";
import { figureHtml, type PageContent, type Pictures } from "./page.ts";
import { escapeHtml } from "../../support/format.ts";

/** What the parts of one page share. */
interface Context {
  prose: Prose;
  pictures: Pictures;
}

/**
 * The page of a notebook: its cells in order, without empty ones. If the notebook stopped, the page says so first.
 *
 * @param options `name` without `.ipynb`; `pages`: the page of each notebook file; `warnings` of the whole run, shown at the top
 */
export function notebookPage(
  notebook: Notebook,
  options: { name: string; pictures: Pictures; pages: ReadonlyMap<string, string>; warnings: string[] },
): PageContent {
  const { name, pictures, pages, warnings } = options;
  const prose = pageProse(pages);
  const stop = findStop(notebook);
  const title = titleOf(notebook, name);
  const cells = withoutStopNotice(notebook).cells.filter(({ source }) => source.trim() !== "");
  const parts = /^\s*# /.test(cells[0]?.source ?? "") ? [] : [prose.heading(title, 1)];
  for (const cell of cells) {
    if (cell.cell_type === "code") parts.push(codeCellHtml(cell, { prose, pictures }));
    if (cell.cell_type === "markdown") {
      parts.push(`<section class="prose">${prose.markdown(cell.source)}</section>`);
    }
  }
  return {
    file: `${name}.html`,
    title,
    warnings: [...stop ? [`This notebook did not run to its end. ${stopText(stop)}`] : [], ...warnings],
    body: parts.join("\n"),
    headings: prose.headings,
  };
}

/** A notebook's first heading as plain text; its name if it has none. */
export function titleOf(notebook: Notebook, name: string): string {
  const heading = textsOf(notebook).flatMap((text) => text.split("\n")).find((line) => /^# /.test(line));
  return heading ? plain(heading.slice(2)) : name;
}

/** The first sentence below a notebook's heading as plain text, or two if the first is short; "" if there is no text. */
export function leadOf(notebook: Notebook): string {
  const blocks = (textsOf(notebook)[0] ?? "").split(/\n\s*\n/);
  const paragraph = plain(blocks.find((block) => !/^\s*(?:[#>|]|```|$)/.test(block)) ?? "");
  const sentence = /\S.*?(?<!\b(?:al|vs|cf|e\.g|i\.e))[.!?:](?=\s|$)/g; // an abbreviation does not end a sentence
  const [one = paragraph, two = ""] = paragraph.match(sentence) ?? [];
  return (one.length < 60 && two ? `${one} ${two}` : one).replace(/:$/, ".");
}

function textsOf(notebook: Notebook): string[] {
  return withoutStopNotice(notebook).cells.filter((cell) => cell.cell_type === "markdown")
    .map(({ source }) => source);
}

function plain(markdown: string): string {
  return markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[*_`]/g, "").replace(/\s+/g, " ").trim();
}

function codeCellHtml(cell: CodeCell, context: Context): string {
  const outputs = cell.outputs.map((output) => outputHtml(output, context)).filter(Boolean);
  const count = cell.execution_count ?? " ";
  const label = cell.execution_count === null ? "Code that has not run" : `Code, cell ${count}`;
  return `<div class="cell">
<div class="source"><span class="count" aria-hidden="true">[${count}]</span><pre tabindex="0" role="group" aria-label="${
    escapeHtml(label)
  }"><code class="hljs">${highlight(cell.source, "typescript")}</code></pre></div>
${outputs.join("\n")}
</div>`;
}

/** HTML of an output; empty for progress, which is no result. */
function outputHtml(output: Output, context: Context): string {
  if (output.output_type === "stream") {
    const shown = output.text.trimEnd();
    return shown && textBlock(shown, output.name === "stderr" ? "Warnings" : "Printed", output.name);
  }
  if (output.output_type === "error") {
    const { ename, evalue, traceback } = output;
    return textBlock(traceback.length > 0 ? traceback.join("\n") : `${ename}: ${evalue}`, "Error", "error");
  }
  const isProgress = (output.metadata.ham10000 as { progress?: unknown } | undefined)?.progress;
  return isProgress ? "" : displayHtml(output, context);
}

/** Preformatted text, without a terminal's colour codes. */
function textBlock(text: string, name: string, kind = "text"): string {
  const shown = escapeHtml(stripVTControlCharacters(text));
  return `<pre class="${kind}" tabindex="0" role="group" aria-label="${escapeHtml(name)}">${shown}</pre>`;
}

const pictureTypes = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/svg+xml": "svg", // in an <img>, an SVG runs no scripts and loads nothing
};

function displayHtml({ data, metadata }: DisplayOutput | ResultOutput, { prose, pictures }: Context): string {
  const text = (mime: string) => typeof data[mime] === "string" ? data[mime] : null;
  const words = text("text/plain");
  const figure = data["application/vnd.plotly.v1+json"];
  const png = text("image/png");
  // A plotly figure that contains pictures is not used: it could load them from any address.
  if (figure && png !== null && findPixels(figure) === null) {
    const bytes = fromBase64(png);
    const alt = words ?? "A figure without a description";
    return bytes ? figureHtml([{ spec: figure, png: bytes, alt }], pictures) : damaged;
  }
  const html = text("text/html");
  if (html !== null) return `<div class="output">${prose.html(html)}</div>`;
  const markdown = text("text/markdown");
  if (markdown !== null) return `<div class="output prose">${prose.markdown(markdown)}</div>`;
  for (const [mime, extension] of Object.entries(pictureTypes)) {
    const picture = text(mime);
    if (picture === null) continue;
    const bytes = extension === "svg" ? new TextEncoder().encode(picture) : fromBase64(picture);
    if (!bytes) return damaged;
    const alt = words ?? (metadata[photoTag] as Partial<PhotoMetadata> | undefined)?.alt ??
      "A picture without a description";
    const address = pictures.add(bytes, extension);
    const { width } = (metadata[mime] ?? {}) as { width?: unknown }; // the width in Jupyter, usually half of its pixels
    const size = Number.isInteger(width) ? ` width="${width}"` : "";
    return `<figure class="picture"><div class="frame" tabindex="0" role="group" aria-label="Picture"><img src="${address}" alt="${
      escapeHtml(alt)
    }"${size}></div></figure>`;
  }
  if (words !== null) return textBlock(words, "Result");
  const types = escapeHtml(Object.keys(data).join(", "));
  return `<p class="note">An output that this page cannot show: ${types}.</p>`;
}

const damaged = '<p class="note">A picture that is damaged: its Base64 cannot be read.</p>';

function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text.replace(/\s/g, ""));
  } catch {
    return null;
  }
}

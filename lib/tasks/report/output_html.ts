/** One output of a cell as HTML: the richest form that a page can show without trusting it. */
import { stripVTControlCharacters } from "node:util";
import { type PhotoMetadata, photoTag } from "../../support/photo_tag.ts";
import type { DisplayOutput, Output, ResultOutput } from "../../support/notebook/ipynb.ts";
import { findPixels, isPhoto } from "../../support/notebook/photos.ts";
import { figureHtml } from "./figure_html.ts";
import { escapeHtml } from "./html.ts";
import { type PageProse, plainBlock } from "./prose.ts";
import type { Pictures } from "./site_files.ts";

/** What an output's HTML is made with: the page's prose and pictures. */
export interface OutputContext {
  prose: PageProse;
  pictures: Pictures;
}

const pictureTypes: Record<string, string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/svg+xml": "svg", // in an <img> its scripts do not run and nothing is loaded
};

/** Empty for what is no part of a result, as progress. */
export function outputHtml(output: Output, context: OutputContext): string {
  if (output.output_type === "stream") return streamHtml(output.name, output.text);
  if (output.output_type === "error") {
    const { ename, evalue, traceback } = output;
    const text = traceback.length > 0 ? traceback.join("\n") : `${ename}: ${evalue}`;
    return plainBlock(stripVTControlCharacters(text), { name: "Error", kind: "error" });
  }
  if ((output.metadata.ham10000 as { progress?: unknown } | undefined)?.progress) return "";
  return displayHtml(output, context);
}

function streamHtml(name: "stdout" | "stderr", text: string): string {
  const shown = stripVTControlCharacters(text).trimEnd();
  if (shown === "") return "";
  return plainBlock(shown, { name: name === "stderr" ? "Warnings" : "Printed", kind: name });
}

function displayHtml(output: DisplayOutput | ResultOutput, { prose, pictures }: OutputContext): string {
  const { data } = output;
  const text = (mime: string) => typeof data[mime] === "string" ? data[mime] as string : null;
  const figure = data["application/vnd.plotly.v1+json"];
  const png = text("image/png");
  if (figure && png) {
    const alt = text("text/plain") ?? "A figure without a description";
    const bytes = fromBase64(png);
    if (!bytes) return damaged;
    // Pictures in a plotly figure would be loaded from wherever it says.
    if (findPixels(figure) === null) return figureHtml({ spec: figure, png: bytes, alt }, pictures);
  }
  const html = text("text/html");
  if (html !== null) return `<div class="output">${prose.html(html)}</div>`;
  const markdown = text("text/markdown");
  if (markdown !== null) return `<div class="output prose">${prose.markdown(markdown)}</div>`;
  for (const [mime, extension] of Object.entries(pictureTypes)) {
    const picture = text(mime);
    if (picture !== null) return pictureHtml(output, picture, { extension, pictures });
  }
  const plain = text("text/plain");
  if (plain !== null) return plainBlock(stripVTControlCharacters(plain), { name: "Result" });
  return `<p class="note">An output that this page cannot show: ${
    escapeHtml(Object.keys(data).join(", "))
  }.</p>`;
}

function pictureHtml(
  output: DisplayOutput | ResultOutput,
  content: string,
  { extension, pictures }: { extension: string; pictures: Pictures },
): string {
  const bytes = extension === "svg" ? new TextEncoder().encode(content) : fromBase64(content);
  if (!bytes) return damaged;
  const said = output.data["text/plain"];
  const tag = output.metadata[photoTag] as Partial<PhotoMetadata> | undefined;
  const alt = typeof said === "string" ? said : tag?.alt ?? "A picture without a description";
  const address = pictures.add(bytes, extension);
  const kind = isPhoto(output) ? "photo" : "picture";
  return `<figure class="${kind}"><img src="${address}" alt="${escapeHtml(alt)}"></figure>`;
}

const damaged = '<p class="note">A picture that is damaged: its Base64 cannot be read.</p>';

function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text.replace(/\s/g, ""));
  } catch {
    return null;
  }
}

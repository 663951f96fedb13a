/** A figure on a page: a picture for everyone, the interactive form where scripts run, and its message in words. */
import { escapeHtml, scriptJson } from "./html.ts";
import type { Pictures } from "./site_files.ts";

/** A figure as a notebook's output holds it. */
export interface StoredFigure {
  /** Plotly's figure, with width and height in pixels in its layout. */
  spec: unknown;
  /** Bytes of the PNG. */
  png: Uint8Array;
  /** The figure in words. */
  alt: string;
}

/** Sides in pixels that a figure has without its own; a wrong one would make the page jump when the picture comes. */
const usual = { width: 900, height: 500 };

/**
 * `figures.js` draws the interactive form from the JSON, in the place of the picture.
 *
 * @param options.narrow the same figure for a page too narrow for it: a phone's
 */
export function figureHtml(
  figure: StoredFigure,
  pictures: Pictures,
  options: { narrow?: StoredFigure } = {},
): string {
  const alt = escapeHtml(figure.alt);
  const { narrow } = options;
  return `<figure class="figure">
<div class="frame" tabindex="0" role="group" aria-label="Figure">
<picture>${narrow ? narrowSource(narrow, pictures) : ""}
<img class="static" src="${pictures.add(figure.png, "png")}" ${sidesText(figure.spec)} alt="${alt}"></picture>
</div>
<script type="application/json">${scriptJson([figure.spec, ...narrow ? [narrow.spec] : []])}</script>
<details><summary>The figure in words</summary><p>${alt}</p></details>
</figure>`;
}

function narrowSource({ spec, png }: StoredFigure, pictures: Pictures): string {
  return `\n<source media="(max-width: ${narrowest}px)" srcset="${pictures.add(png, "png")}" ${
    sidesText(spec)
  }>`;
}

/** Pages up to this width in pixels show the narrow form; `figures.js` says the same. */
const narrowest = 600;

function sidesText(spec: unknown): string {
  const { width, height } = { ...usual, ...sidesOf(spec) };
  return `width="${width}" height="${height}"`;
}

function sidesOf(spec: unknown): { width?: number; height?: number } {
  const { layout } = (spec ?? {}) as { layout?: Record<string, unknown> };
  const whole = (side: unknown) => Number.isInteger(side) && Number(side) >= 50 && Number(side) <= 5000;
  return Object.fromEntries(
    (["width", "height"] as const).filter((name) => whole(layout?.[name])).map((
      name,
    ) => [name, Number(layout![name])]),
  );
}

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

/** `page.js` draws the interactive form from the JSON, in the place of the picture. */
export function figureHtml(figure: StoredFigure, pictures: Pictures): string {
  const { width, height } = { ...usual, ...sidesOf(figure.spec) };
  const address = pictures.add(figure.png, "png");
  const alt = escapeHtml(figure.alt);
  return `<figure class="figure">
<div class="frame" tabindex="0" role="group" aria-label="Figure">
<img class="static" src="${address}" width="${width}" height="${height}" alt="${alt}">
</div>
<script type="application/json">${scriptJson(figure.spec)}</script>
<details><summary>The figure in words</summary><p>${alt}</p></details>
</figure>`;
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

/** From a plotly figure to SVG and PNG, the same bytes for the same figure. */
import sharp from "sharp";
import { plotlyWindow } from "./plotly_window.ts";
import { outlineText } from "./svg_text.ts";

/** One plotly trace: https://plotly.com/javascript/reference/. */
export type PlotlyTrace = { type?: string } & Record<string, unknown>;

/** A plotly figure: what `Plotly.newPlot` takes. */
export interface PlotlySpec {
  data: PlotlyTrace[];
  layout: Record<string, unknown>;
  config?: Record<string, unknown>;
}

// One drawing at a time: plotly's random ids are drawn from one sequence, set back for each figure.
let queue: Promise<unknown> = Promise.resolve();

/**
 * The figure as SVG text, `width` × `height` pixels, with real `text` elements.
 *
 * @throws Error where plotly can't draw it.
 */
export function renderPlotly(
  spec: PlotlySpec,
  options: { width: number; height: number; alt?: string },
): Promise<string> {
  const { width, height, alt } = options;
  const drawing = queue.then(async () => {
    const { Plotly, resetRandom, parseSvg, serialize } = plotlyWindow();
    resetRandom();
    // Plotly writes its defaults into what it gets: give it a copy.
    const image = await Plotly.toImage(structuredClone(spec), {
      format: "svg",
      imageDataOnly: true,
      width,
      height,
    });
    const document = parseSvg(image);
    const root = document.documentElement;
    if (alt !== undefined) {
      root.setAttribute("role", "img");
      root.setAttribute("aria-label", alt);
    }
    return serialize(document);
  });
  queue = drawing.catch(() => {});
  return drawing;
}

/** The same picture with its letters as paths: it looks alike everywhere and needs no font. */
export function outlineSvg(svg: string): string {
  const { parseSvg, serialize } = plotlyWindow();
  const document = parseSvg(svg);
  outlineText(document);
  return serialize(document);
}

/** SVG text as a PNG of `scale` pixels per SVG pixel. */
export async function svgToPng(svg: string, options: { scale?: number } = {}): Promise<Uint8Array> {
  const { scale = 2 } = options;
  const image = sharp(new TextEncoder().encode(outlineSvg(svg)), { density: 72 * scale });
  return new Uint8Array(await image.flatten({ background: "white" }).png({ compressionLevel: 9 }).toBuffer());
}

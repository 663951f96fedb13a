/** A figure that shows itself in every front end: interactive if plotly is there, else as a picture, else in words. */
import { svgToPng } from "../support/plotly/letters.ts";
import { drawnByRunner, type PlotlySpec, renderPlotly } from "../support/plotly/render_plotly.ts";
import { display, type Displayed, type DisplayMessage, type MimeBundle } from "./show.ts";
import { defaultWidth, mostPixels } from "./theme.ts";

/** A figure. It is shown as the last expression of a notebook cell; elsewhere, use its picture. */
export interface Figure extends Displayed {
  /** The plotly figure, with its width and height in pixels in `layout`. */
  spec: PlotlySpec;
  /** The figure in words. */
  alt: string;
  /** SVG text with `text` elements; the same bytes for the same figure. */
  toSvg(): Promise<string>;
  /** PNG bytes, `scale` (default 2) pixels per pixel of the figure, in the figures' own font. */
  toPng(options?: { scale?: number }): Promise<Uint8Array>;
  [display](): Promise<MimeBundle>;
  /** The same with the size to show the picture at: half of its pixels, so that letters are sharp on fine screens. */
  message(): Promise<DisplayMessage>;
}

/**
 * Wraps a plotly figure.
 *
 * @param spec `width` (default 900) and `height` (default 500) in pixels; `alt` describes the figure in words
 * @throws RangeError if a side is not a whole number of pixels from 50 to 5000
 */
export function figure(spec: PlotlySpec & { width?: number; height?: number; alt: string }): Figure {
  const { data, alt, width = defaultWidth, height = 500 } = spec;
  for (const [name, side] of Object.entries({ width, height })) {
    if (!Number.isInteger(side) || side < 50 || side > mostPixels) {
      throw new RangeError(
        `A figure's ${name} is a whole number of pixels from 50 to ${mostPixels}. Received: ${side}`,
      );
    }
  }
  const config = { displaylogo: false, ...spec.config };
  const plotly: PlotlySpec = { data, layout: { ...spec.layout, width, height, autosize: false }, config };
  const toSvg = () => renderPlotly(plotly, { width, height, alt });
  const toPng = async (options: { scale?: number } = {}) => svgToPng(await toSvg(), options);
  const bundle = async () => ({
    "application/vnd.plotly.v1+json": plotly,
    ...drawnByRunner in globalThis ? {} : { "image/png": (await toPng()).toBase64() },
    "text/plain": alt,
  });
  return {
    spec: plotly,
    alt,
    toSvg,
    toPng,
    [display]: bundle,
    message: async () => ({ data: await bundle(), metadata: { "image/png": { width, height } } }),
  };
}

/** Adds the PNG that a figure's output lacks if the notebook's runner draws. Other outputs stay as they are. */
export async function withPicture(output: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { "application/vnd.plotly.v1+json": spec, "text/plain": alt, ...others } = output;
  const { width, height } = (spec as PlotlySpec | undefined)?.layout ?? {};
  const isOurs = typeof width === "number" && typeof height === "number" && typeof alt === "string";
  if (!isOurs || "image/png" in others) return output;
  const png = await figure({ ...spec as PlotlySpec, width, height, alt }).toPng();
  return { "application/vnd.plotly.v1+json": spec, "image/png": png.toBase64(), "text/plain": alt };
}

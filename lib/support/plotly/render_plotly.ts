/** Draws plotly figures as SVG, without a browser. A thread of its own draws, so plotly loads (a second) beside other work. */
import { Worker } from "node:worker_threads";
import { escapeHtml } from "../format.ts";

/** One plotly trace: https://plotly.com/javascript/reference/. */
export type PlotlyTrace = { type?: string } & Record<string, unknown>;

/** A plotly figure: what `Plotly.newPlot` takes. */
export interface PlotlySpec {
  data: PlotlyTrace[];
  layout: Record<string, unknown>;
  config?: Record<string, unknown>;
}

/** A request to the drawing thread, and its answer. */
export interface DrawingRequest {
  readonly id: number;
  readonly spec: PlotlySpec;
  /** In pixels. */
  readonly size: { readonly width: number; readonly height: number };
}
type DrawingAnswer = { readonly id: number } & ({ readonly svg: string } | { readonly problem: string });

/** Set in a kernel if the program that runs the notebook draws its figures: one plotly for all notebooks instead of one each. */
export const drawnByRunner = Symbol.for("ham10000.drawnByRunner");

let running: Worker | undefined;
const waiting = new Map<number, PromiseWithResolvers<string>>();
let lastId = 0;

/** Starts the drawing thread, if it is not running yet. It does not keep the process alive. */
export function startDrawing(): Worker {
  if (running) return running;
  const thread = running = new Worker(new URL("./plotly_window.ts", import.meta.url));
  thread.on("message", (answer: DrawingAnswer) => {
    const { resolve, reject } = waiting.get(answer.id)!;
    waiting.delete(answer.id);
    if (waiting.size === 0) thread.unref();
    if ("svg" in answer) resolve(answer.svg);
    else reject(new Error(answer.problem));
  });
  thread.on("error", (error: unknown) => {
    running = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });
  thread.unref();
  return thread;
}

/**
 * The figure as SVG text, `width` × `height` pixels, with real `text` elements; `alt` describes it in words. The same figure
 * gives the same bytes.
 *
 * @throws {Error} if plotly cannot draw it
 */
export async function renderPlotly(
  spec: PlotlySpec,
  options: { width: number; height: number; alt: string },
): Promise<string> {
  const { alt, ...size } = options;
  const drawing = Promise.withResolvers<string>();
  const id = ++lastId;
  const thread = startDrawing();
  thread.postMessage({ id, spec, size } satisfies DrawingRequest); // throws if the figure cannot be copied
  thread.ref();
  waiting.set(id, drawing);
  const svg = await drawing.promise;
  // Spaces at the end of a text are part of the layout.
  return svg.replace("<svg", () => `<svg role="img" aria-label="${escapeHtml(alt)}" xml:space="preserve"`);
}

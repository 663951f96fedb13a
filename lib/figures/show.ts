/** Shows a value completely, in every front end, as an output of the running notebook cell. */
import { setTimeout as sleep } from "node:timers/promises";
import { escapeMarkdown } from "../support/format.ts";
import { type Broadcast, endProgress, kernelBroadcast } from "../support/progress.ts";

/** The mark that figures and tables of drawn stand-in images must show. */
export const syntheticMark = "SYNTHETIC stand-in data";

/** Key of the method that gives a MIME bundle; Deno's Jupyter kernel calls it on a cell's last expression. */
export const display: unique symbol = Symbol.for("Jupyter.display");

/** Contents by MIME type; binary ones in Base64, as Jupyter's messages require. */
export type MimeBundle = Record<string, string | object>;

/** Anything with a display method. */
export interface Displayed {
  [display](): MimeBundle | Promise<MimeBundle>;
  /** If there is metadata, the output with it, which `show` sends instead. */
  message?(): DisplayMessage | Promise<DisplayMessage>;
}

/** An output with its metadata, as in a Jupyter message. */
export interface DisplayMessage {
  data: MimeBundle;
  metadata: Record<string, unknown>;
}

/**
 * Shows a figure, a table, prose, a grid of photos or any other value with a display method (a polars table, say). Await it.
 *
 * A cell could also end with the value. But Deno 2.9.6's kernel may report a cell as done before its result is sent, and a front
 * end may then drop the result. Metadata, for example the tag of photos, would be lost too. So `show` sends a separate message, and
 * the cell continues only when it is sent.
 *
 * @throws {TypeError} for a value without a display method
 * @throws {Error} outside a Deno kernel
 */
export async function show(
  content: object | Promise<object>,
  options: { broadcast?: Broadcast | null } = {},
): Promise<void> {
  const { broadcast = kernelBroadcast() } = options;
  if (!broadcast) throw new Error("Outputs are shown in a Deno notebook kernel. Received: no kernel");
  const shown = await content as Partial<Displayed>;
  if (!shown[display]) throw new TypeError(`show takes a value with a display method. Received: ${shown}`);
  const message: DisplayMessage = await shown.message?.() ?? { data: await shown[display](), metadata: {} };
  endProgress();
  await broadcast("display_data", { ...message, transient: {} });
  await turnsOnTime(10);
}

/**
 * The kernel's promise resolves before the message is sent, because another thread sends it, and nothing tells when it is sent. In a
 * turn of this loop, a timer of 5 ms and a task on another thread end. Several turns on time, one after another, show that the threads
 * of this process run. A fixed wait could end before the sending thread has run, if the system is busy. Systems with coarse timers
 * take about 16 ms for a turn, which is on time too.
 */
async function turnsOnTime(count: number): Promise<void> {
  const start = performance.now();
  for (let turns = 0, from = start; turns < count && from - start < 5000;) {
    await Promise.all([sleep(5), crypto.subtle.digest("SHA-256", new Uint8Array(1))]);
    const now = performance.now();
    turns = now - from < 40 ? turns + 1 : 0;
    from = now;
  }
}

/** Markdown as the result of a cell; `plain` is for front ends that do not know Markdown (default: the text as it is). */
export function markdown(text: string, plain = text): Displayed {
  return { [display]: () => ({ "text/markdown": text, "text/plain": plain }) };
}

/** What a notebook runs on, for its first cell, one plain line each; SYNTHETIC and SEEDED RANDOM are in bold. */
export function aboutRun(...lines: string[]): Displayed {
  const marked = lines.map((line) => escapeMarkdown(line).replace(/SYNTHETIC|SEEDED RANDOM/g, "**$&**"));
  return markdown(marked.join("  \n"), lines.join("\n"));
}

/**
 * Shows a fact that was checked, `✓ every image is on exactly one side of the split`, as an output of the running cell.
 *
 * @throws {Error} if it does not hold; this stops the cell and the notebook
 */
export async function check(statement: string, holds: boolean): Promise<void> {
  if (!holds) throw new Error(`✗ This does not hold: ${statement}`);
  await show(markdown(`✓ ${statement}`));
}

/** Shows something as an output of the running cell, whole, in every front end. */
import { display, type Displayed, type DisplayMessage } from "./display.ts";

/** Sends a Jupyter message: `Deno.jupyter.broadcast`. */
export type Broadcast = (type: string, content: Record<string, unknown>) => Promise<void>;

/**
 * Shows a figure, a table, prose, a grid of photos or any other value with a display method (a polars table, say). Await it.
 *
 * A cell could show the same by ending in it, but Deno 2.9.6's kernel may say that a cell is done before its result is out, and
 * a front end that believes it drops the result; metadata, such as the tag of photos, get lost, too. So the output is sent as
 * a message of its own, and the cell goes on only when it is out.
 *
 * @throws {TypeError} for a value without a display method
 * @throws {Error} outside a Deno kernel
 */
export async function show(
  content: object | Promise<object>,
  options: { broadcast?: Broadcast } = {},
): Promise<void> {
  const { broadcast = kernelBroadcast() } = options;
  const shown = await content as Partial<Displayed>;
  if (!shown[display]) throw new TypeError(`show takes a value with a display method. Received: ${shown}`);
  const message: DisplayMessage = await shown.message?.() ?? { data: await shown[display](), metadata: {} };
  await broadcast("display_data", { ...message, transient: {} });
  await new Promise((resolve) => setTimeout(resolve, 50)); // the promise of the kernel resolves before the message is out
}

function kernelBroadcast(): Broadcast {
  try {
    return (Deno as unknown as { jupyter: { broadcast: Broadcast } }).jupyter.broadcast; // throws outside a kernel
  } catch (cause) {
    throw new Error("Outputs are shown in a Deno notebook kernel. Received: no kernel", { cause });
  }
}

/** How a value shows itself as the last expression of a notebook cell (Deno's Jupyter kernel). */

/** Key of the method that gives a MIME bundle; it may be asynchronous. */
export const display: unique symbol = Symbol.for("Jupyter.display");

/** Contents by MIME type; binary ones in Base64, as Jupyter's messages want them. */
export type MimeBundle = Record<string, string | object>;

/** Anything with a display method. */
export interface Displayed {
  [display](): MimeBundle | Promise<MimeBundle>;
  /** What `show` sends in place of that, where metadata belong to it. */
  message?(): DisplayMessage | Promise<DisplayMessage>;
}

/** An output with its metadata, as in a Jupyter message. */
export interface DisplayMessage {
  data: MimeBundle;
  metadata: Record<string, unknown>;
}

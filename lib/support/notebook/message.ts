/** Jupyter's messages on the wire: signed JSON parts behind `<IDS|MSG>` (jupyter-client's messaging.rst, protocol 5.3). */
import { createHmac, timingSafeEqual } from "node:crypto";

/** What a Jupyter message says, without the ZeroMQ envelope. */
export interface Message {
  type: string;
  /** Identifier of this message. */
  id: string;
  /** Identifier of the request that this message answers or belongs to; "" where there is none. */
  parentId: string;
  content: Record<string, unknown>;
  /** Bytes on the wire, envelope included. */
  bytes: number;
}

const delimiter = "<IDS|MSG>";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Packs and signs (HMAC-SHA256 with the connection file's key) one request. */
export function encodeMessage(
  message: Pick<Message, "type" | "id" | "content">,
  options: { key: string; session: string },
): Uint8Array[] {
  const header = {
    msg_id: message.id,
    msg_type: message.type,
    session: options.session,
    username: "headless",
    date: new Date().toISOString(),
    version: "5.3",
  };
  const parts = [header, {}, {}, message.content].map((part) => encoder.encode(JSON.stringify(part)));
  return [encoder.encode(delimiter), encoder.encode(signature(parts, options.key)), ...parts];
}

/**
 * Unpacks one message and checks its signature.
 *
 * @throws {SyntaxError} when the frames are not a message, or not signed with the key
 */
export function decodeMessage(frames: Uint8Array[], options: { key: string }): Message {
  const at = frames.findIndex((frame) => frame.length === delimiter.length && text(frame) === delimiter);
  const parts = frames.slice(at + 2, at + 6);
  if (at < 0 || parts.length < 4) {
    throw new SyntaxError(
      `Jupyter message: expected ${delimiter} and six frames. Received: ${frames.length} frames`,
    );
  }
  const expected = encoder.encode(signature(parts, options.key));
  const received = frames[at + 1];
  if (received.length !== expected.length || !timingSafeEqual(received, expected)) {
    throw new SyntaxError(`Jupyter message: the signature does not fit the key. Received: ${text(received)}`);
  }
  const [header, parent, , content] = parts.map((part) => JSON.parse(text(part)));
  const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
  return { type: header.msg_type, id: header.msg_id, parentId: parent.msg_id ?? "", content, bytes };
}

function signature(parts: Uint8Array[], key: string): string {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The channels to a running kernel: requests out, answers and output in. */
import { decodeMessage, encodeMessage, type Message } from "./message.ts";
import type { KernelProcess } from "./kernel_process.ts";
import { connectZmtp, type Multipart, type ZmtpSocket } from "./zmtp.ts";

export type Channel = "shell" | "iopub" | "control";

/** Open channels. After the kernel's end nothing is sent, and nothing is waited for. */
export interface Channels {
  /** Sends one request. */
  send(channel: "shell" | "control", request: Pick<Message, "type" | "id" | "content">): Promise<void>;
  /** Gives every message to `receive` until the kernel has ended and all that it sent is read. */
  listen(receive: (channel: Channel, message: Message) => void | Promise<void>): Promise<void>;
  close(): void;
}

/**
 * Connects to a kernel that may still be starting.
 *
 * @param options.deadline milliseconds since 1970
 * @returns null when the process ends or the deadline passes before the channels are open
 */
export async function openChannels(
  process: KernelProcess,
  options: { deadline: number },
): Promise<Channels | null> {
  const session = crypto.randomUUID();
  const sockets: Partial<Record<Channel, ZmtpSocket>> = {};
  let ended = false;
  process.ended.then(() => ended = true);
  const close = () => Object.values(sockets).forEach((socket) => socket?.close());
  for (const channel of ["shell", "iopub", "control"] as const) {
    while (!sockets[channel]) {
      if (ended || Date.now() > options.deadline) {
        close();
        return null;
      }
      const type = channel === "iopub" ? "SUB" : "DEALER";
      sockets[channel] = await connectZmtp(process.ports[channel], { type }).catch(() => undefined);
      if (!sockets[channel]) await new Promise((resolve) => setTimeout(resolve, 20)); // does not listen yet
    }
  }
  const { shell, iopub, control } = sockets as Record<Channel, ZmtpSocket>;
  return {
    async send(channel, request) {
      const frames = encodeMessage(request, { key: process.key, session });
      // A broken socket belongs to a kernel that has ended: `listen` returns and tells.
      await (channel === "shell" ? shell : control).send(frames).catch(() => {});
    },
    async listen(receive) {
      const read = async (channel: Channel, socket: ZmtpSocket) => {
        for await (const multipart of socket.messages()) {
          await receive(channel, messageOf(multipart, process.key));
        }
      };
      await Promise.all([read("shell", shell), read("iopub", iopub), read("control", control)]);
    },
    close,
  };
}

function messageOf({ frames, skippedBytes }: Multipart, key: string): Message {
  if (skippedBytes === 0) return decodeMessage(frames, { key });
  const text = `[One output of ${(skippedBytes / 1e6).toFixed(0)} MB left out]\n`;
  return { type: "stream", id: "", parentId: "", content: { name: "stderr", text }, bytes: skippedBytes };
}

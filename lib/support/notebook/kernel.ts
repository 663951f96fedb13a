/** Runs Deno's Jupyter kernel without Python (jupyter-client's messaging.rst, protocol 5.3). */
import { createHmac } from "node:crypto";
import { type KernelProcess, spawnKernel } from "./kernel_process.ts";
import { connectZmtp, type ZmtpSocket } from "./zmtp.ts";

/** A message from a kernel, without the ZeroMQ envelope. */
export interface Message {
  type: string;
  content: Record<string, unknown>;
  /** Bytes on the wire, including the envelope. */
  bytes: number;
}

/** How code failed. */
export interface CodeError {
  ename: string;
  evalue: string;
  /** Lines, as the kernel sent them. */
  traceback: string[];
}

/** Types of the messages passed to `onOutput`. */
const outputTypes: ReadonlySet<string> = new Set(
  ["stream", "display_data", "update_display_data", "execute_result", "error", "clear_output"],
);

/** A message of more bytes is not decoded: JavaScript's strings end at 512 MB. */
const longestMessage = 256e6;

const delimiter = "<IDS|MSG>";

/**
 * Starts a kernel and waits until it answers, about 0.3 s. The kernel ends with this process, even if that is killed.
 *
 * @param options.folder working directory: relative imports and deno.json are looked up from there
 * @param options.env variables on top of this process's own
 * @throws {Error} if three attempts of a minute each get no answer, with what the kernel wrote to stdout and stderr
 */
export async function startKernel(
  options: { folder: string; env?: Record<string, string> },
): Promise<Kernel> {
  for (let attempt = 1;; attempt++) {
    const process = await spawnKernel(options);
    const patience = setTimeout(process.kill, 60_000);
    const kernel = await connect(process);
    clearTimeout(patience);
    await Deno.remove(process.connectionFile).catch(() => {}); // the kernel has read it, or never will
    if (kernel) return kernel;
    await process.kill();
    if (attempt < 3) continue; // another program may have taken a port before the kernel could: choose again
    throw new Error(
      `Deno's Jupyter kernel did not start in ${options.folder}. Expected an answer to its first request; to see more, run ` +
        `"deno jupyter --help" there. Received: ${process.log().trim() || await process.ended}`,
    );
  }
}

/** Connects to a kernel that answers; null if its process ends before. */
async function connect(process: KernelProcess): Promise<Kernel | null> {
  let hasEnded = false;
  process.ended.then(() => hasEnded = true);
  const open = async (port: number, type: "DEALER" | "SUB") => {
    while (!hasEnded) {
      const socket = await connectZmtp(port, type).catch(() => null);
      if (socket) return socket;
      await new Promise((resolve) => setTimeout(resolve, 20)); // it does not listen yet
    }
    return null;
  };
  const shell = await open(process.ports.shell, "DEALER");
  const iopub = shell && await open(process.ports.iopub, "SUB");
  const kernel = iopub && new Kernel(process, shell, iopub);
  if (kernel && await kernel.answers()) return kernel;
  shell?.close();
  iopub?.close();
  return null;
}

/** A running kernel. One piece of code runs at a time. */
export class Kernel {
  /** Receives each output as it comes, also between two pieces of code. `execute` throws what this throws. */
  onOutput: (message: Message) => void = () => {};
  readonly #process: KernelProcess;
  readonly #shell: ZmtpSocket;
  readonly #iopub: ZmtpSocket;
  readonly #session = crypto.randomUUID();
  /** Callbacks that wait for the reply to a request, or for a marker, by its identifier. */
  readonly #waiting = new Map<string, (message: Message) => void>();
  /** Resolves when all that the process sent has been read, with how it ended. */
  readonly #ended: Promise<string>;
  #failure: { error: unknown } | null = null;

  /** @param shell for requests and replies @param iopub for everything that the kernel publishes */
  constructor(process: KernelProcess, shell: ZmtpSocket, iopub: ZmtpSocket) {
    [this.#process, this.#shell, this.#iopub] = [process, shell, iopub];
    this.#ended = Promise.all([this.#read(shell), this.#read(iopub)]).catch((cause) => {
      const problem = `Deno's Jupyter kernel sent a message that cannot be read: ${cause.message}`;
      this.#failure ??= { error: new Error(problem, { cause }) };
      return process.kill();
    }).then(() => process.ended);
  }

  /** Waits for the first answer; false if the process ends first. */
  async answers(): Promise<boolean> {
    return await Promise.race([this.#settle().then(() => true), this.#ended.then(() => false)]);
  }

  /**
   * Runs code to its end and until all of its output has arrived. Returns how it failed, or null. Stopping the code kills the
   * kernel.
   *
   * @param stop stops the code when it is aborted with an Error, whose name and message are returned
   * @throws what `onOutput` threw
   */
  async execute(code: string, stop?: AbortSignal): Promise<CodeError | null> {
    const run = async () => {
      const { content } = await this.#ask(code);
      await this.#settle();
      return content;
    };
    const stopped = Promise.withResolvers<null>();
    const onStop = () => stopped.resolve(null);
    stop?.addEventListener("abort", onStop);
    const result = await Promise.race([this.#ended, stopped.promise, run()]);
    stop?.removeEventListener("abort", onStop);
    if (stop?.aborted) await this.close();
    if (this.#failure) throw this.#failure.error;
    if (stop?.aborted) {
      const { name, message } = stop.reason as Error;
      return { ename: name, evalue: message, traceback: [] };
    }
    if (typeof result === "string") return this.#death(result);
    if (result?.status === "ok") return null;
    const { ename = "Error", evalue = "", traceback = [] } = result as Partial<CodeError>;
    return { ename, evalue, traceback };
  }

  /** Kills the kernel and everything that its cells have started. May be called again. */
  async close(): Promise<void> {
    await this.#process.kill();
    await this.#ended;
    this.#shell.close();
    this.#iopub.close();
  }

  #death(how: string): CodeError {
    const said = this.#process.log().split("\n").filter((line) =>
      line.trim() && !line.includes("is unstable")
    );
    const evalue = `The kernel's process has ended while the cell ran: ${how}`;
    return { ename: "KernelDied", evalue, traceback: said.slice(-20) };
  }

  /**
   * Waits for output that is still on its way. Deno 2.9.6 says that code is done before its output is sent (three times out of
   * four for a cell that prints 20 lines), but keeps the order: so a marker is sent after the output. It is sent again if it does
   * not come, because anything published before the subscription takes effect is lost.
   */
  async #settle(): Promise<void> {
    for (let isSettled = false; !isSettled;) {
      const marker = crypto.randomUUID();
      const arrived = this.#hear(marker).then(() => true);
      const display = JSON.stringify({ data: {}, metadata: {}, transient: { display_id: marker } });
      const { content } = await this.#ask(`await Deno.jupyter.broadcast("display_data", ${display});`);
      if (content.status !== "ok") return; // a cell has broken something that the marker needs
      let timer;
      isSettled = await Promise.race([
        arrived,
        new Promise<false>((resolve) => timer = setTimeout(resolve, 500, false)),
      ]);
      clearTimeout(timer);
    }
  }

  /** Sends code; resolves with the reply. */
  async #ask(code: string): Promise<Message> {
    const id = crypto.randomUUID();
    const reply = this.#hear(id);
    const header = {
      msg_id: id,
      msg_type: "execute_request",
      session: this.#session,
      username: "headless",
      date: new Date().toISOString(),
      version: "5.3",
    };
    const flags = { silent: false, store_history: true, allow_stdin: false, stop_on_error: true };
    const parts = [header, {}, {}, { code, user_expressions: {}, ...flags }].map((part) =>
      JSON.stringify(part)
    );
    const signature = createHmac("sha256", this.#process.key).update(parts.join("")).digest("hex");
    // If the socket is broken, the kernel has ended: `#ended` tells.
    await this.#shell.send([delimiter, signature, ...parts]).catch(() => {});
    return await reply;
  }

  #hear(id: string): Promise<Message> {
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  async #read(socket: ZmtpSocket): Promise<void> {
    for await (const frames of socket.messages()) this.#take(frames, socket);
  }

  #take(frames: Uint8Array[], socket: ZmtpSocket): void {
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
    const texts = bytes > longestMessage ? [] : frames.map((frame) => new TextDecoder().decode(frame));
    const [header, parent, , content] = texts.slice(texts.indexOf(delimiter) + 2).map((text) =>
      JSON.parse(text)
    );
    const text = `[One output of ${(bytes / 1e6).toFixed(0)} MB left out]\n`;
    const message = header
      ? { type: header.msg_type, content, bytes }
      : { type: "stream", content: { name: "stderr", text }, bytes };
    const id = socket === this.#shell ? parent?.msg_id : message.content.transient?.display_id;
    const receiver = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (receiver) return receiver(message);
    if (socket === this.#shell || !outputTypes.has(message.type)) return;
    try {
      this.onOutput(message);
    } catch (error) {
      this.#failure ??= { error };
    }
  }
}

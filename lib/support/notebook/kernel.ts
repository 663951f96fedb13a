/** Deno's Jupyter kernel, driven without Python: start, run code, stop. */
import { type Channel, type Channels, openChannels } from "./channels.ts";
import { type KernelProcess, spawnKernel } from "./kernel_process.ts";
import type { Message } from "./message.ts";

/** How one piece of code ended. */
export interface CodeResult {
  /** `stopped`: it was interrupted by `timeoutSeconds` or `stop`. `died`: the kernel's process has ended. */
  status: "ok" | "error" | "stopped" | "died";
  /** Name and text of the error, both "" where status is `ok`. */
  ename: string;
  evalue: string;
  /** Lines, as the kernel sent them. */
  traceback: string[];
}

export interface ExecuteOptions {
  /** Gets each piece of output as it comes (see `outputTypes`). A slow receiver slows the kernel down. */
  onOutput?: (message: Message) => void | Promise<void>;
  /** The code is interrupted after this time. Default: no limit. */
  timeoutSeconds?: number;
  /** Interrupts the code when aborted with an Error, whose name and message the result gets. */
  stop?: AbortSignal;
}

/** A running kernel. One piece of code runs at a time; after one that was stopped none should follow. */
export interface Kernel {
  /**
   * Runs code to its end and until all of its output has arrived. Errors of the code are returned, not thrown; what
   * `onOutput` throws is thrown when the code has ended. Code that is to be stopped gets 2 s to end and its output 2 s to
   * arrive; then the kernel is killed.
   */
  execute(code: string, options?: ExecuteOptions): Promise<CodeResult>;
  /** Ends the kernel: asks, and kills after 2 s. May be called again. */
  close(): Promise<void>;
}

/** Types of the messages that `onOutput` gets. */
export const outputTypes: ReadonlySet<string> = new Set(
  ["stream", "display_data", "update_display_data", "execute_result", "error", "clear_output"],
);

/**
 * Starts a kernel and waits until it answers, about 0.3 s. The kernel ends with this process, also when that is killed.
 *
 * @param options.folder working directory: relative imports and deno.json are looked up from there
 * @param options.env variables on top of this process's own
 * @param options.startTimeoutSeconds default 60, for a busy machine
 * @throws {Error} when the kernel does not come up: with what it wrote to stderr
 */
export async function startKernel(
  options: { folder: string; env?: Record<string, string>; startTimeoutSeconds?: number },
): Promise<Kernel> {
  const deadline = Date.now() + (options.startTimeoutSeconds ?? 60) * 1000;
  for (let attempt = 1;; attempt++) {
    const process = await spawnKernel(options);
    const channels = await openChannels(process, { deadline });
    const kernel = channels && await greet(process, channels, deadline);
    await process.removeConnectionFile(); // read by now, or never
    if (kernel) return kernel;
    channels?.close();
    await process.kill();
    // Another program may have taken a port between its choice and its use: choose again.
    if (attempt < 3 && Date.now() < deadline) continue;
    throw new Error(
      `Deno's Jupyter kernel did not start in ${options.folder}. Expected an answer to kernel_info_request; to see more, ` +
        `run "deno jupyter --help" there. Received: ${process.log().trim() || await process.ended}`,
    );
  }
}

async function greet(process: KernelProcess, channels: Channels, deadline: number): Promise<Kernel | null> {
  const { kernel, ask } = createKernel(process, channels);
  // A subscription takes effect some time after it is made: ask until the answer is seen on both channels.
  while (Date.now() < deadline) {
    const answer = await withTimeout(ask("kernel_info_request", {}), 500);
    if (answer === "ended") return null;
    if (answer !== "timeout") return kernel;
  }
  return null;
}

/** Sends a request on the shell channel; resolves with the reply when that and `idle` have come, in any order. */
type Ask = (type: string, content: Record<string, unknown>) => Promise<Message | "ended">;

function createKernel(process: KernelProcess, channels: Channels): { kernel: Kernel; ask: Ask } {
  let receiveOutput: NonNullable<ExecuteOptions["onOutput"]> = () => {};
  let lastHeard = Date.now();
  const waiting = new Set<(channel: Channel, message: Message) => boolean>();

  const reading = channels.listen(async (channel, message) => {
    lastHeard = Date.now();
    if (channel === "iopub" && outputTypes.has(message.type)) await receiveOutput(message);
    for (const accepts of waiting) if (accepts(channel, message)) waiting.delete(accepts);
  });
  // What the kernel has sent before its end is read first.
  const ended = reading.catch(() => process.kill()).then(() => process.ended).then(() => "ended" as const);
  /** Resolves with the first message that fits. To be called before what provokes the message is sent. */
  const hear = (fits: (channel: Channel, message: Message) => boolean) => {
    const heard = new Promise<Message>((resolve) => {
      waiting.add((channel, message) => {
        const accepted = fits(channel, message);
        if (accepted) resolve(message);
        return accepted;
      });
    });
    return Promise.race([heard, ended]);
  };

  const ask: Ask = async (type, content) => {
    const id = crypto.randomUUID();
    const replied = hear((channel, message) => channel === "shell" && message.parentId === id);
    const idle = hear((channel, { parentId, content }) =>
      channel === "iopub" && parentId === id && content.execution_state === "idle"
    );
    await channels.send("shell", { type, id, content });
    const [reply, state] = await Promise.all([replied, idle]);
    return state === "ended" ? "ended" : reply;
  };

  /**
   * Waits for output that is still under way. Deno 2.9.6 sends `idle` before it (three times out of four for a cell that
   * prints 20 lines), but keeps its order: so a marker is sent after it.
   */
  const settle = async (patience: number) => {
    const marker = `settled-${crypto.randomUUID()}`;
    const isMarker = ({ content }: Message) =>
      (content.transient as { display_id?: string } | undefined)?.display_id === marker;
    const receive = receiveOutput;
    receiveOutput = (message) => isMarker(message) ? undefined : receive(message);
    const arrived = hear((_, message) => isMarker(message));
    const display = JSON.stringify({ data: {}, metadata: {}, transient: { display_id: marker } });
    const code = `try { await Deno.jupyter.broadcast("display_data", ${display}); } catch {}`;
    const asked = ask("execute_request", { ...requestFields, code, silent: true, store_history: false });
    // The cell may have broken what the marker needs: go on when nothing has come for a while.
    lastHeard = Date.now();
    while (Date.now() - lastHeard < 30_000 && patience > 0) {
      if ((await withTimeout(Promise.all([asked, arrived]), Math.min(patience, 1000))) !== "timeout") {
        return true;
      }
      patience -= 1000;
    }
    return false;
  };

  const execute: Kernel["execute"] = async (code, { onOutput = () => {}, timeoutSeconds, stop } = {}) => {
    let failure: { error: unknown } | undefined;
    receiveOutput = async (message) => {
      try {
        await onOutput(message);
      } catch (error) {
        failure ??= { error };
      }
    };
    const asked = ask("execute_request", { ...requestFields, code, silent: false, store_history: true });
    const stopped = aborted(stop);
    let reply = await withTimeout(
      Promise.race([asked, stopped.promise]),
      timeoutSeconds && timeoutSeconds * 1000,
    );
    const timedOut = reply === "timeout";
    if (timedOut || reply === "stopped") {
      await channels.send("control", { type: "interrupt_request", id: crypto.randomUUID(), content: {} });
      reply = await withTimeout(asked, 2000);
      if (typeof reply !== "object" || !await settle(2000)) await process.kill();
    } else if (typeof reply === "object") {
      // Output may still pass a limit here, as it comes later than the reply.
      if (await Promise.race([settle(Infinity), stopped.promise]) === "stopped") await process.kill();
    }
    stopped.forget();
    receiveOutput = () => {};
    if (failure) throw failure.error;
    if (stop?.aborted) {
      const { name, message } = stop.reason as Error;
      return { status: "stopped", ename: name, evalue: message, traceback: [] };
    }
    if (timedOut) {
      const evalue = `The cell ran longer than its limit of ${timeoutSeconds} s and was stopped`;
      return { status: "stopped", ename: "CellTimeout", evalue, traceback: [] };
    }
    if (typeof reply === "object") return resultOf(reply);
    return {
      status: "died",
      ename: "KernelDied",
      evalue: `The kernel's process has ended while the cell ran: ${await process.ended}`,
      traceback: process.log().split("\n").filter((line) => line.trim() && !line.includes("is unstable"))
        .slice(-20),
    };
  };

  const close = async () => {
    await channels.send("control", {
      type: "shutdown_request",
      id: crypto.randomUUID(),
      content: { restart: false },
    });
    await withTimeout(process.ended, 2000);
    await process.kill();
    channels.close();
    await ended;
  };
  return { kernel: { execute, close }, ask };
}

const requestFields = { user_expressions: {}, allow_stdin: false, stop_on_error: true };

function resultOf(reply: Message): CodeResult {
  const { status, ename, evalue, traceback } = reply.content as unknown as Partial<CodeResult>;
  if (status === "ok") return { status, ename: "", evalue: "", traceback: [] };
  return { status: "error", ename: ename ?? "Error", evalue: evalue ?? "", traceback: traceback ?? [] };
}

/** Resolves when the signal is aborted; `forget` lets go of the signal. */
function aborted(signal?: AbortSignal): { promise: Promise<"stopped">; forget(): void } {
  const { promise, resolve } = Promise.withResolvers<"stopped">();
  const listener = () => resolve("stopped");
  signal?.addEventListener("abort", listener);
  return { promise, forget: () => signal?.removeEventListener("abort", listener) };
}

/** The promise's value, or "timeout". Without a limit it waits as long as it takes. */
async function withTimeout<T>(promise: Promise<T>, milliseconds?: number): Promise<T | "timeout"> {
  if (milliseconds === undefined) return await promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"timeout">((resolve) => timer = setTimeout(resolve, milliseconds, "timeout"));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

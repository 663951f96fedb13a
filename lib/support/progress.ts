/**
 * Long work reports its progress, and this module decides where it is shown. So no function passes a progress callback on.
 *
 * @example
 * const report = progress("Activations");
 * for (const [index, image] of images.entries()) {
 *   compute(image);
 *   report(index + 1, images.length);
 * }
 */
import { progressText, secondsNow, type StageProgress, timeLeft } from "./pace.ts";
import { terminalLine, type TextStream } from "./terminal_line.ts";

/** Reports that `done` of `total` are done. @param detail what else is worth seeing now, such as `epoch 2/10, loss 0.812` */
export type Report = (done: number, total: number, detail?: string) => void;

/** Makes the report function of a stage, as `progress` does. */
export type ProgressSink = (stage: string) => Report;

/**
 * A stage's report function. It returns at once and may be called as often as you like.
 *
 * - In a notebook's cell all stages share one output that changes in place. By its tag `metadata.ham10000.progress` the headless
 *   run can show it and leave it out of the executed notebook.
 * - In a program it is one line of the terminal that changes, on stderr; if stderr is no terminal, a line every 10 s.
 * - In tests and with `HAM10000_PROGRESS=off` nothing is shown.
 *
 * A stage that takes less than half a second shows nothing. If a stage was shown, its last state is shown too.
 *
 * @param stage what is being done, such as `Activations`
 */
export function progress(stage: string): Report {
  return (chosenSink ?? (ambientSink ??= findSink()))(stage);
}

let chosenSink: ProgressSink | null = null;
let ambientSink: ProgressSink | null = null;

/**
 * Sends every report of `progress` to this sink from now on, at once, wherever the program runs. Disposing of the result
 * (`using`) restores the sink before.
 */
export function showProgress(sink: ProgressSink): Disposable {
  const before = chosenSink;
  chosenSink = sink;
  return { [Symbol.dispose]: () => void (chosenSink = before) };
}

function findSink(): ProgressSink {
  const broadcast = kernelBroadcast();
  if (isSwitchedOff() || !broadcast && isTest()) return () => () => {};
  return broadcast ? notebookProgress(broadcast) : terminalProgress(Deno.stderr);
}

function isSwitchedOff(): boolean {
  try {
    return Deno.env.get("HAM10000_PROGRESS") === "off";
  } catch {
    return false; // no permission to ask
  }
}

/** Whether this runs under `deno test`. Elsewhere `Deno.test` is a function that does nothing, `noopTest`. */
function isTest(): boolean {
  return Deno.test?.name === "test";
}

/** The part of `Deno.jupyter` that shows an output and changes it later. It exists only in a Jupyter kernel. */
export type Broadcast = (type: string, content: Record<string, unknown>) => Promise<void>;

/** The kernel's broadcast; null outside a kernel. */
export function kernelBroadcast(): Broadcast | null {
  try {
    const { jupyter } = Deno as { jupyter?: { broadcast: Broadcast } };
    return jupyter ? (type, content) => jupyter.broadcast(type, content) : null;
  } catch {
    return null; // outside a kernel, Deno throws when it is accessed
  }
}

/**
 * One output per cell, created by `display_data` and changed by `update_display_data`. Each stage reuses the output of the one
 * before. A kernel does not tell where a cell begins. So a stage creates a new output if something else was shown since (see
 * `endProgress`), or if nothing was reported for a second.
 */
export function notebookProgress(broadcast: Broadcast): ProgressSink {
  let output = null as { id: string; isMade: boolean } | null;
  let latest = -Infinity;
  const waiting = new Map<NonNullable<typeof output>, StageProgress>();
  let isSending = false;
  /** Sends one message at a time, so that none overtakes another. A slow front end gets only the newest state of an output. */
  const send = async () => {
    if (isSending) return;
    isSending = true;
    for (const [output, state] of waiting) { // states that come meanwhile are added at the end
      waiting.delete(output);
      const type = output.isMade ? "update_display_data" : "display_data";
      output.isMade = true;
      const [data, metadata] = [{ "text/plain": progressText(state) }, { ham10000: { progress: state } }];
      try {
        await broadcast(type, { data, metadata, transient: { display_id: output.id } });
      } catch {
        // A front end that is gone must not stop the work.
      }
    }
    isSending = false;
  };
  endDisplay = () => void (output = null);
  return (stage) =>
    paced(stage, (state, begins) => {
      if (begins && secondsNow() - latest > 1) output = null;
      latest = secondsNow();
      waiting.set(output ??= { id: crypto.randomUUID(), isMade: false }, state);
      send();
    });
}

let endDisplay = () => {};

/** Call this when a notebook shows something else: later progress stands below. */
export function endProgress(): void {
  endDisplay();
}

/** One line for all stages; the last state of each stays. */
export function terminalProgress(stream: TextStream): ProgressSink {
  const line = terminalLine({ stream });
  return (stage) =>
    paced(stage, (state) => {
      line.show(progressText(state));
      if (state.done >= state.total) line.end();
    });
}

/** Seconds before a stage shows anything. */
const patience = 0.5;
/** Seconds between two shown states. */
const interval = 0.2;

/** Adds the time left, and skips states that come too early or too often. The newest one is shown when it is due. */
function paced(stage: string, show: (state: StageProgress, begins: boolean) => void): Report {
  const estimate = timeLeft();
  let due = secondsNow() + patience;
  let newest: StageProgress;
  let isShown = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const showNewest = () => {
    clearTimeout(timer);
    try {
      show(newest, !isShown);
    } catch {
      // A closed terminal must not stop the work.
    }
    [timer, isShown, due] = [undefined, true, secondsNow() + interval];
  };
  return (done, total, detail) => {
    newest = { stage: detail ? `${stage}, ${detail}` : stage, done, total, ...estimate(done, total) };
    if (done < total && secondsNow() < due) {
      timer ??= setTimeout(showNewest, (due - secondsNow()) * 1000);
      Deno.unrefTimer(timer); // a finished program does not wait for this
    } else if (done < total || isShown) {
      showNewest();
    }
    if (done < total) return;
    clearTimeout(timer);
    [timer, isShown, due] = [undefined, false, secondsNow() + patience]; // the stage may begin again
  };
}

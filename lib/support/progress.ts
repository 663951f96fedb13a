/**
 * Long work tells how far it is; where that is shown is decided here. So no function passes a progress callback on.
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

/** Tells that `done` of `total` are done. @param detail what else is worth seeing now, as `epoch 2/10, loss 0.812` */
export type Report = (done: number, total: number, detail?: string) => void;

/** Makes the reports of a stage, as `progress` does. */
export type ProgressSink = (stage: string) => Report;

/**
 * A stage's report, to be called as often as you like; it returns at once.
 *
 * - In a notebook's cell all stages share one output that changes in place. Its tag `metadata.ham10000.progress` lets the headless run
 *   show it and leave it out of the executed notebook.
 * - In a program it is one line of the terminal that changes, on stderr; where stderr is no terminal, a line every 10 s.
 * - In tests and with `HAM10000_PROGRESS=off` nothing is shown.
 *
 * A stage that takes less than half a second shows nothing. The last state of one that was shown is always shown.
 *
 * @param stage what is done, as `Activations`
 */
export function progress(stage: string): Report {
  return (chosenSink ?? (ambientSink ??= findSink()))(stage);
}

let chosenSink: ProgressSink | null = null;
let ambientSink: ProgressSink | null = null;

/**
 * From now on `progress` reports to this sink, every report at once, wherever the program runs. Disposing of the result (`using`)
 * goes back to the sink before.
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

/** Under `deno test`. Elsewhere `Deno.test` is a function that does nothing, `noopTest`. */
function isTest(): boolean {
  return Deno.test?.name === "test";
}

/** The part of `Deno.jupyter` that shows something and changes it later; there in a Jupyter kernel only. */
export type Broadcast = (type: string, content: Record<string, unknown>) => Promise<void>;

/** Null outside a kernel. */
export function kernelBroadcast(): Broadcast | null {
  try {
    const { jupyter } = Deno as { jupyter?: { broadcast: Broadcast } };
    return jupyter ? (type, content) => jupyter.broadcast(type, content) : null;
  } catch {
    return null; // outside a kernel Deno answers the access with an error
  }
}

/**
 * One output a cell, made by `display_data` and changed by `update_display_data`: each stage takes it over from the one before. A
 * kernel does not tell where a cell begins: so a stage makes an output of its own where something else was shown since (see
 * `endProgress`), or nothing happened for a second.
 */
export function notebookProgress(broadcast: Broadcast): ProgressSink {
  let output = null as { id: string; isMade: boolean } | null;
  let latest = -Infinity;
  const waiting = new Map<NonNullable<typeof output>, StageProgress>();
  let isSending = false;
  /** One message after the other: they must not overtake. A slow front end gets the newest state of an output alone. */
  const send = async () => {
    if (isSending) return;
    isSending = true;
    for (const [output, state] of waiting) { // what comes meanwhile stands at the end
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

/** To be called when a notebook shows something else: progress after it then stands below it. */
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

/** Nothing is shown in a stage's first seconds, … */
const patience = 0.5;
/** … and then one state in so many seconds. */
const interval = 0.2;

/** Adds the time left, and passes over what comes too early or too often; the newest state is shown when it is due. */
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
      // Nor must a terminal.
    }
    [timer, isShown, due] = [undefined, true, secondsNow() + interval];
  };
  return (done, total, detail) => {
    newest = { stage: detail ? `${stage}, ${detail}` : stage, done, total, ...estimate(done, total) };
    if (done < total && secondsNow() < due) {
      timer ??= setTimeout(showNewest, (due - secondsNow()) * 1000);
      Deno.unrefTimer(timer); // a program that is done does not wait to say how far it is
    } else if (done < total || isShown) {
      showNewest();
    }
    if (done < total) return;
    clearTimeout(timer);
    [timer, isShown, due] = [undefined, false, secondsNow() + patience]; // the stage may begin again
  };
}

/**
 * Progress of a long step, told from a notebook cell.
 *
 * @example
 * const activations = await computeActivations(inputs, { ...options, onProgress: progressLine("Activations") });
 */
import type { StageProgress } from "./execute.ts";
import { progressText } from "./progress_text.ts";
import { terminalLine } from "./terminal_line.ts";
import { timeLeft } from "./time_left.ts";

/** Tells how much is done. */
export interface ProgressLine {
  /** @param detail what else is worth seeing now, as `epoch 2/10, loss 0.812` */
  (done: number, total: number, detail?: string): void;
  /** Resolves when the last state is shown. A cell need not wait for it: the kernel sends what is left after the cell. */
  shown(): Promise<void>;
}

/** The part of `Deno.jupyter` that shows something and changes it later; there in a Jupyter kernel only. */
export type Broadcast = (type: string, content: Record<string, unknown>) => Promise<void>;

/** Shortest time between two states shown, in seconds. The last state is always shown. */
const interval = 0.2;

/**
 * A line that shows how far a stage is, with rate and time left: in a notebook one output that changes; in a terminal one line on
 * stderr that changes; else a line on stderr every 10 s.
 *
 * In the notebook the output is tagged `metadata.ham10000.progress`, by which the headless run shows it and leaves it out of
 * the executed notebook. Calls return at once; states that come faster than five a second are passed over.
 *
 * @param stage what is done, as `Activations`
 * @param options for tests: where it is shown, and the time in seconds
 */
export function progressLine(
  stage: string,
  options: { broadcast?: Broadcast | null; now?: () => number } = {},
): ProgressLine {
  const { broadcast = kernelBroadcast(), now = () => performance.now() / 1000 } = options;
  const estimate = timeLeft(now);
  const show = broadcast ? notebookDisplay(broadcast) : terminalDisplay();
  let shownAt = -Infinity;
  let next: StageProgress | null = null;
  let showing: Promise<void> | null = null;

  const showNewest = async () => {
    try {
      while (next) {
        const state = next;
        next = null;
        await show(state); // one after the other: they must not overtake
      }
    } catch {
      /* a front end that is gone must not stop the work */
    } finally {
      showing = null;
    }
  };
  const line = (done: number, total: number, detail?: string) => {
    const secondsLeft = estimate(done, total);
    const time = now();
    if (done < total && time - shownAt < interval) return;
    shownAt = time;
    next = {
      stage: detail ? `${stage}, ${detail}` : stage,
      done,
      total,
      secondsLeft,
      perSecond: estimate.perSecond(),
    };
    showing ??= showNewest();
  };
  return Object.assign(line, { shown: async () => await showing ?? undefined });
}

function notebookDisplay(broadcast: Broadcast): (state: StageProgress) => Promise<void> {
  const display_id = crypto.randomUUID();
  let type = "display_data";
  return async (state) => {
    const content = {
      data: { "text/plain": progressText(state) },
      metadata: { ham10000: { progress: state } },
      transient: { display_id },
    };
    const first = type;
    type = "update_display_data";
    await broadcast(first, content);
  };
}

function terminalDisplay(): (state: StageProgress) => Promise<void> {
  const line = terminalLine({ stream: Deno.stderr });
  return (state) => {
    line.show(progressText(state));
    if (state.done >= state.total) line.end();
    return Promise.resolve();
  };
}

function kernelBroadcast(): Broadcast | null {
  try {
    const { jupyter } = Deno as { jupyter?: { broadcast: Broadcast } };
    return jupyter ? (type, content) => jupyter.broadcast(type, content) : null;
  } catch {
    return null; // outside a kernel Deno answers the access with an error
  }
}

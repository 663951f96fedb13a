/** A long computation lets other work have its turn: progress, timers, an interruption. */

/** A turn of the event loop may cost as much as ten steps of a small network: so they are this far apart. In ms. */
const apart = 50;

/** @returns to be awaited after every step: gives a turn where the last one is long ago */
export function makeTurns(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < apart) return;
    await new Promise((resolve) => setTimeout(resolve));
    last = performance.now();
  };
}

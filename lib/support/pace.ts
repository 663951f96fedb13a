/** The pace of a stage and its remaining time, in numbers and in words. */

/** The progress of a long step. */
export interface StageProgress {
  /** What is being done, with an optional detail: `Training, epoch 2/10`. */
  stage: string;
  done: number;
  total: number;
  /** null: not known yet. */
  secondsLeft: number | null;
  /** Items a second; null or absent: not known. */
  perSecond?: number | null;
}

/** Shortest time over which a pace is measured, in seconds: shorter ones are mostly noise. */
const shortest = 0.5;
/** Number of the latest measures that count. */
const remembered = 15;

/**
 * A function that takes how far a stage is and returns the time left and the rate; both are null while they are not known.
 *
 * The pace is the median of the last 15 measures (the slower of the middle two). So one bad measure does not spoil the estimate:
 * stored items that arrive all at once, a pause, or loading before the first item. It needs three measures, or two that differ at
 * most fourfold.
 *
 * @param now the time in seconds, from any origin
 */
export function timeLeft(
  now: () => number = secondsNow,
): (done: number, total: number) => Required<Pick<StageProgress, "secondsLeft" | "perSecond">> {
  let [sinceTime, sinceDone] = [now(), 0];
  let secondsPerItem: number[] = [];
  return (done, total) => {
    const time = now();
    if (done < sinceDone) [sinceTime, sinceDone, secondsPerItem] = [time, done, []]; // the stage started again
    if (done > sinceDone && time - sinceTime >= shortest) {
      secondsPerItem = [...secondsPerItem, (time - sinceTime) / (done - sinceDone)].slice(-remembered);
      [sinceTime, sinceDone] = [time, done];
    }
    const sorted = secondsPerItem.toSorted((a, b) => a - b);
    const secondsEach = sorted.length < 2 || isUnclear(sorted) ? null : sorted[Math.floor(sorted.length / 2)];
    // The time since the last measure is subtracted, so the estimate counts down between slow items.
    const left = secondsEach && Math.max(0, secondsEach * (total - sinceDone) - (time - sinceTime));
    return { secondsLeft: done >= total ? 0 : left, perSecond: secondsEach && 1 / secondsEach };
  };
}

/** Whether the only two measures differ too much: one may include loading or stored items. */
function isUnclear(sorted: readonly number[]): boolean {
  return sorted.length === 2 && sorted[1] > 4 * sorted[0];
}

/** Seconds since this program started, with fractions. */
export function secondsNow(): number {
  return performance.now() / 1000;
}

/** Such as `Activations  45 %  9,240 of 20,530  54 a second  2 min 10 s left`. 100 % only when all is done. */
export function progressText(progress: StageProgress): string {
  const { stage, done, total } = progress;
  const count = `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  return [stage, `${percentDone(done, total)} %`, count, ...paceTexts(progress)].join("  ");
}

/** Rate and time left, if they are known and something is left: `54 a second`, `2 min 10 s left`. */
export function paceTexts({ done, total, secondsLeft, perSecond }: StageProgress): string[] {
  if (done >= total) return [];
  return [
    ...perSecond ? [rateText(perSecond)] : [],
    ...secondsLeft === null ? [] : [`${durationText(secondsLeft)} left`],
  ];
}

/** Such as `1,204 a second` or `3.2 a second`; `2.5 s each` if an item takes longer than a second. */
export function rateText(perSecond: number): string {
  if (perSecond < 0.95) return `${(1 / perSecond).toFixed(1)} s each`;
  const digits = perSecond < 10 ? 1 : 0;
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${perSecond.toLocaleString("en", format)} a second`;
}

/** Whole percent, rounded down; 100 if there is nothing to do. */
export function percentDone(done: number, total: number): number {
  return total <= 0 ? 100 : Math.floor(Math.min(Math.max(done / total, 0), 1) * 100);
}

/** Such as `8 s`, `2 min 10 s` or `1 h 05 min`; rounded up. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

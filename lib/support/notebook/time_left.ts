/** How long a stage will still take, from how it went lately. */

/** Told how far a stage is; gives the seconds that are left, or null while that is not known. */
export interface TimeLeft {
  (done: number, total: number): number | null;
  /** Items a second, by the same pace; null while that is not known. */
  perSecond(): number | null;
}

/** Shortest time over which a pace is measured, in seconds: shorter ones are mostly noise. */
const shortest = 0.5;
/** So many paces count; older ones are forgotten. */
const remembered = 15;

/**
 * The pace is the median of the last 15 measured, the slower of the middle two: so items that were stored before and arrive
 * all at once, or a pause, spoil one measure and not the estimate. It needs two measures, one where that is the start.
 *
 * @param now the time in seconds, from any origin
 */
export function timeLeft(now: () => number = () => performance.now() / 1000): TimeLeft {
  let [sinceTime, sinceDone] = [now(), 0];
  let secondsPerItem: number[] = [];
  /** Seconds an item; null while that is not known. */
  const pace = () => {
    if (secondsPerItem.length < 2) return null;
    const sorted = secondsPerItem.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  };
  const estimate = (done: number, total: number) => {
    const time = now();
    if (done < sinceDone) [sinceTime, sinceDone, secondsPerItem] = [time, done, []]; // it began again
    if (done > sinceDone && time - sinceTime >= shortest) {
      secondsPerItem = [...secondsPerItem, (time - sinceTime) / (done - sinceDone)].slice(-remembered);
      [sinceTime, sinceDone] = [time, done];
    }
    if (done >= total) return 0;
    const secondsEach = pace();
    if (secondsEach === null) return null;
    // What has passed since the last measure is part of the estimate: it then counts down between slow items.
    return Math.max(0, secondsEach * (total - sinceDone) - (time - sinceTime));
  };
  const perSecond = () => {
    const secondsEach = pace();
    return secondsEach === null ? null : 1 / secondsEach;
  };
  return Object.assign(estimate, { perSecond });
}

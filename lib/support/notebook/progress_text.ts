/** Progress in words. */
import type { StageProgress } from "./execute.ts";

/** As `Activations  45 %  9,240 of 20,530  54 a second  2 min 10 s left`. 100 % only when all is done. */
export function progressText(progress: StageProgress): string {
  const { stage, done, total } = progress;
  const parts = [
    stage,
    `${percentDone(done, total)} %`,
    `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`,
  ];
  return [...parts, ...paceTexts(progress)].join("  ");
}

/** Rate and time left, where they are known and something is left: `54 a second`, `2 min 10 s left`. */
export function paceTexts({ done, total, secondsLeft, perSecond }: StageProgress): string[] {
  if (done >= total) return [];
  return [
    ...perSecond ? [rateText(perSecond)] : [],
    ...secondsLeft === null ? [] : [`${durationText(secondsLeft)} left`],
  ];
}

/** As `1,204 a second`, `3.2 a second`; what takes longer than a second each as `2.5 s each`. */
export function rateText(perSecond: number): string {
  if (perSecond < 0.95) return `${(1 / perSecond).toFixed(1)} s each`;
  const digits = perSecond < 10 ? 1 : 0;
  return `${
    perSecond.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })
  } a second`;
}

/** Whole percent, rounded down; nothing to do is all done. */
export function percentDone(done: number, total: number): number {
  return total <= 0 ? 100 : Math.floor(Math.min(Math.max(done / total, 0), 1) * 100);
}

/** As `8 s`, `2 min 10 s`, `1 h 05 min`; rounded up. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

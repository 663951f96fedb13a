/** Progress in words. */
import type { StageProgress } from "./execute.ts";

/** As `Activations  45 %  9,240 of 20,530  2 min 10 s left`. 100 % only when all is done. */
export function progressText({ stage, done, total, secondsLeft }: StageProgress): string {
  const parts = [
    stage,
    `${percentDone(done, total)} %`,
    `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`,
  ];
  if (done < total && secondsLeft !== null) parts.push(`${durationText(secondsLeft)} left`);
  return parts.join("  ");
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

/** Numbers of bytes in words, and the line that shows a transfer. */
import { durationText, percentDone } from "../notebook/progress_text.ts";
import { timeLeft } from "../notebook/time_left.ts";

/** As `2.8 GB`, `59 MB`, `12 kB`, `1 byte`; thousands, not 1024s, as file managers and archives count. */
export function byteText(bytes: number): string {
  if (bytes >= 0.9995e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 0.9995e6) return `${(bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0)} MB`;
  if (bytes >= 1000) return `${Math.round(bytes / 1e3)} kB`;
  return bytes === 1 ? "1 byte" : `${bytes} bytes`;
}

/**
 * Makes lines as `part_1.zip  45 %  630 MB of 1.4 GB  12 MB/s  1 min 02 s left` from what has come so far. Rate and time
 * come from one estimate over the last seconds.
 *
 * @param start bytes that were there before the transfer
 * @param now the time in seconds
 */
export function transferText(
  name: string,
  options: { start?: number; now?: () => number } = {},
): (done: number, total: number | null) => string {
  const { start = 0 } = options;
  const estimate = timeLeft(options.now);
  return (done, total) => {
    if (total === null) return `${name}  ${byteText(done)}`;
    const parts = [name, `${percentDone(done, total)} %`, `${byteText(done)} of ${byteText(total)}`];
    const seconds = estimate(done - start, total - start);
    if (seconds !== null && seconds > 0) {
      parts.push(`${byteText((total - done) / seconds)}/s`, `${durationText(seconds)} left`);
    }
    return parts.join("  ");
  };
}

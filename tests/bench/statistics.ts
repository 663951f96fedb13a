/** What a series of rounds comes to. */

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("The median of no values is not defined. Received: []");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * How many times as fast ours was: the median over the rounds of theirs / ours in seconds. Pair by pair, because what else the
 * machine does changes from round to round.
 */
export function speedRatio(ours: readonly number[], theirs: readonly number[]): number {
  if (ours.length !== theirs.length) {
    throw new TypeError(`Both need the same rounds. Received: ${ours.length} and ${theirs.length}`);
  }
  return median(ours.map((seconds, round) => theirs[round] / seconds));
}

/** Columns padded to their widest cell, the first to the left, the others to the right. The first row is the header. */
export function alignedTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))
      .join("  ");
  const rule = "-".repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\n");
}

/** What a training learns from, row by row, so that it need not fit into memory. */
export interface Examples {
  /** A class index for each row. */
  readonly labels: Uint8Array;
  /** Puts one row's values into `target`. */
  read(row: number, target: Float32Array): void;
}

/** Rows of an array (n, length) as examples. */
export function examplesOf(values: Float32Array, labels: Uint8Array): Examples {
  const length = values.length / labels.length;
  return { labels, read: (row, target) => target.set(values.subarray(row * length, (row + 1) * length)) };
}

/** A head in one array, so that one product with the features and one step of the optimizer serve kernel and bias. */
import type { Head } from "./head.ts";

/**
 * Kernel and bias as (classes, inputs + 1): a row per class, its bias in the last column, which features meet with a 1.
 *
 * @throws {TypeError} when the head has other sizes
 */
export function packHead(head: Head, size: { inputs: number; classes: number }): Float32Array {
  const { inputs, classes } = size;
  if (head.kernel.length !== inputs * classes || head.bias.length !== classes) {
    throw new TypeError(
      `Head must have a kernel of ${inputs} × ${classes} and ${classes} biases. ` +
        `Received: ${head.kernel.length} and ${head.bias.length} values`,
    );
  }
  const rows = new Float32Array((inputs + 1) * classes);
  rows.set(head.kernel);
  rows.set(head.bias, inputs * classes);
  return transpose(rows, inputs + 1, classes);
}

/** The head that `packHead` packed. */
export function unpackHead(packed: Float32Array, size: { inputs: number; classes: number }): Head {
  const { inputs, classes } = size;
  const rows = transpose(packed, classes, inputs + 1);
  return { kernel: rows.slice(0, inputs * classes), bias: rows.slice(inputs * classes), inputs, classes };
}

/** (rows, columns) → (columns, rows) */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = values[row * columns + column];
    }
  }
  return result;
}

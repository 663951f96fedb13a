/** Rows of the augmented table as what a network behind a cut learns from. */
import type { Config } from "../config.ts";
import { pixelsIn } from "../image_size.ts";
import { type Examples, pixelExamples } from "../training/examples.ts";
import { openActivations } from "../model/activations.ts";
import type { Cut } from "../model/architecture.ts";
import { activationInputs, activationOptions, type Inputs, pixelsOf } from "./features.ts";
import { labelsOf } from "./parts.ts";

/** To be disposed of: closes the store that the rows are read from. */
export type CutExamples = Examples & Disposable;

/**
 * Behind `block1` nothing is frozen: the images themselves, held in memory (12 KB each at 64×64). Behind any other cut the stored
 * activations, computed where they are missing and then read from disk row by row.
 */
export async function cutExamples(
  config: Config,
  inputs: Inputs,
  rows: readonly number[],
  { cut, onProgress }: { cut: Cut; onProgress?: (done: number, total: number) => void },
): Promise<CutExamples> {
  const labels = labelsOf(inputs.parts, rows);
  if (cut === "block1") {
    const length = pixelsIn(config.size) * 3;
    const pixels = new Uint8Array(rows.length * length);
    rows.forEach((row, i) => pixels.set(pixelsOf(config, inputs, row), i * length));
    return { ...pixelExamples(pixels, labels, config), [Symbol.dispose]() {} };
  }
  const reader = await openActivations(activationInputs(config, inputs, rows), {
    ...activationOptions(config, inputs),
    ...{ cut, onProgress },
  });
  return {
    labels,
    read: (row, target) => reader.read(row, target),
    [Symbol.dispose]: () => reader[Symbol.dispose](),
  };
}

/** Labelled examples, read row by row, so they need not fit into memory. */
import type { Scaling } from "../config.ts";
import { bytesOf, sha256 } from "../support/digest.ts";
import { imagenetMeans } from "../model/forward.ts";

export interface Examples {
  /** A class index for each row. */
  readonly labels: Uint8Array;
  /** SHA-256 of the labels and of everything that decides each row's values. */
  readonly digest: string;
  /** Writes one row's values into `target`. @param showing in training: images may be augmented anew each time */
  read(row: number, target: Float32Array, showing?: Showing): void;
  /** The rows of an epoch, as many as there are labels. Default: each once, shuffled. */
  order?(seed: number, epoch: number): readonly number[];
}

/** When a row is shown: the epoch, from 1, and the place in it, from 0. */
export interface Showing {
  readonly epoch: number;
  readonly place: number;
}

/** Rows of an array (n, length) as examples. */
export function examplesOf(values: Float32Array, labels: Uint8Array): Examples {
  const length = values.length / labels.length;
  return {
    labels,
    digest: sha256(labels, bytesOf(values)),
    read(row, target) {
      if (target.length !== length) {
        throw new TypeError(
          `The network reads ${target.length} values a row. Received: ${values.length} values for ${labels.length} labels`,
        );
      }
      target.set(values.subarray(row * length, (row + 1) * length));
    },
  };
}

/**
 * Images as examples for the whole network. Pixels are scaled to the same bits as by `scalePixels`.
 *
 * @param pixels (n, height, width, 3), RGB, 0–255
 */
export function pixelExamples(
  pixels: Uint8Array,
  labels: Uint8Array,
  { scaling }: { scaling: Scaling },
): Omit<Examples, "digest"> {
  const length = pixels.length / labels.length;
  const { values, reversed } = scaledBytes(scaling);
  return {
    labels,
    read(row, target) {
      for (let start = row * length, i = 0; i < length; i += 3) {
        for (let c = 0; c < 3; c++) {
          target[i + c] = values[3 * pixels[start + i + (reversed ? 2 - c : c)] + c];
        }
      }
    },
  };
}

/** The scaled value of each byte in each of the network's channels, (256, 3), and whether these are in the order BGR. */
function scaledBytes(scaling: Scaling): { values: Float32Array; reversed: boolean } {
  const of = (scale: (byte: number, channel: number) => number) =>
    Float32Array.from({ length: 256 * 3 }, (_, i) => scale(Math.floor(i / 3), i % 3));
  switch (scaling) {
    case "divide255":
      return { values: of((byte) => byte / 255), reversed: false };
    case "imagenet": // the engine's means are float32
      return { values: of((byte, channel) => byte - Math.fround(imagenetMeans[channel])), reversed: true };
  }
}

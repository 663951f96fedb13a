/** Photos as examples that are augmented anew each time they are shown, each class as often as wanted. */
import type { AugmentationRanges } from "../config.ts";
import { drawTransform, transformImage } from "../data/augmentation.ts";
import { countLabels } from "../data/diagnosis.ts";
import { largestRemainder } from "../data/parts.ts";
import { type LightRanges, varyLight } from "../data/light.ts";
import { type ImageSize, pixelsIn } from "../image_size.ts";
import { digestOf, sha256 } from "../support/digest.ts";
import { randomFor, shuffled } from "../support/random.ts";
import type { Examples } from "./examples.ts";

/** How photos are augmented and classes balanced. */
export interface Drawing {
  /** Rotation, shift, zoom and flips. Null: none. */
  readonly shape: AugmentationRanges | null;
  /** Null: the light is not changed. */
  readonly light: LightRanges | null;
  /**
   * How evenly the classes are shown, 0 to 1: each in proportion to its number of photos to the power of 1 − balance. 0: as often as
   * it occurs. 1: all equally often.
   */
  readonly balance: number;
}

/** Raise this by hand when the same options come to give other images. */
const drawingVersion = 1;

/** Photos of one size, with the data that decide how they are augmented. */
export interface DrawnPhotos {
  readonly size: ImageSize;
  /** The photo of a row: RGB, 0–255, (height, width, 3). */
  readonly photoOf: (row: number) => Uint8Array;
  /** SHA-256 of each photo's pixels. */
  readonly pixelDigests: readonly string[];
  readonly imageIds: readonly string[];
  readonly labels: Uint8Array;
}

/**
 * Photos as examples. An epoch shows as many images as there are photos. What is shown, and how, depends only on seed, epoch and place,
 * so an interrupted training continues to the same bits.
 *
 * @throws {RangeError} for a balance outside 0 to 1
 */
export function drawnExamples(
  { size, photoOf, pixelDigests, imageIds, labels }: DrawnPhotos,
  { shape, light, balance }: Drawing,
  { seed }: { seed: number },
): Examples {
  if (!(balance >= 0 && balance <= 1)) {
    throw new RangeError(`balance must be from 0 to 1. Received: ${balance}`);
  }
  const length = 3 * pixelsIn(size);
  return {
    labels,
    digest: digestOf({
      drawingVersion,
      ...{ pixels: sha256(pixelDigests.join("")), imageIds: sha256(imageIds.join("\n")) },
      ...{ labels: sha256(labels), shape, light, balance, seed },
    }),
    read(row, target, showing = { epoch: 0, place: row }) {
      if (target.length !== length) {
        throw new TypeError(`The network reads ${target.length} values a row. Received: images of ${length}`);
      }
      const random = randomFor(seed, "drawn", imageIds[row], showing.epoch, showing.place);
      const image = transformImage(photoOf(row), shape ? drawTransform(random, shape, size) : {}, size);
      if (light) varyLight(image, light, random);
      target.set(image);
    },
    ...balance > 0 &&
      { order: (seed: number, epoch: number) => balancedOrder(labels, { balance, seed, epoch }) },
  };
}

/**
 * An epoch's rows: as many as there are labels, each class with its share. Every row of a class comes once before any comes again.
 *
 * @param options.balance above 0: see `Drawing`
 */
export function balancedOrder(
  labels: Uint8Array,
  { balance, seed, epoch }: { balance: number; seed: number; epoch: number },
): number[] {
  const counts = countLabels(labels, labels.reduce((most, label) => Math.max(most, label), 0) + 1);
  const weights = counts.map((count) => (count === 0 ? 0 : count ** (1 - balance)));
  const slots = largestRemainder(weights, labels.length);
  const rows = slots.flatMap((slot, label) => {
    const own = [...labels.keys()].filter((row) => labels[row] === label);
    const rounds = Array.from(
      { length: own.length === 0 ? 0 : Math.ceil(slot / own.length) },
      (_, round) => shuffled(own, randomFor(seed, "balanced", epoch, label, round)),
    );
    return rounds.flat().slice(0, slot);
  });
  return shuffled(rows, randomFor(seed, "balanced order", epoch));
}

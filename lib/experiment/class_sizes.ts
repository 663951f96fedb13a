/** Whether every class has the photos that a run needs. */
import type { Config } from "../config.ts";
import { augmentationTargets } from "../data/augmented_table.ts";
import type { DiagnosisClass } from "../data/diagnosis.ts";
import { isOwnTable } from "../data/metadata.ts";

/** Photos that a class of another table than HAM10000's must have. */
const fewestPhotos = 5;

/**
 * @param counts photos of each class, in label order
 * @throws {RangeError} when fewer than two classes have photos, a class of another table has fewer than 5, or a class would be
 * missing in a part even after augmentation: it names the classes
 */
export function checkClassSizes(
  config: Config,
  classes: readonly DiagnosisClass[],
  counts: readonly number[],
): void {
  const say = (label: number, count: number) => `${classes[label].code} ${count}`;
  const labels = [...classes.keys()].filter((label) => isOwnTable(config) || counts[label] > 0);
  if (labels.length < 2) {
    throw new RangeError(
      `There must be photos of two classes at least. Received: ${
        labels.map((label) => say(label, counts[label])).join() || "none"
      }`,
    );
  }
  const few = labels.filter((label) => isOwnTable(config) && counts[label] < fewestPhotos);
  if (few.length > 0) {
    throw new RangeError(
      `Every class needs ${fewestPhotos} photos at least. Add photos, or leave the rows of these classes out of the table. ` +
        `Received: ${few.map((label) => say(label, counts[label])).join(", ")}`,
    );
  }
  const targets = augmentationTargets(counts);
  const least = leastAugmented(config);
  const small = labels.filter((label) => targets[label] < least);
  if (small.length > 0) {
    throw new RangeError(
      `Every class needs ${least} images after augmentation, so that each part has one of it. Add photos of the commonest ` +
        `class, whose size the others follow. Received: ${
          small.map((label) => say(label, targets[label])).join(", ")
        }`,
    );
  }
}

/** The smallest class of which test, training and validation each get an image. */
function leastAugmented(config: Config): number {
  const { testShare, subsetShare, validationShare } = config;
  const smallest = (images: number) => {
    const subset = Math.floor(subsetShare * Math.floor((1 - testShare) * images));
    return Math.min(testShare * images, validationShare * subset, (1 - validationShare) * subset);
  };
  let images = 1;
  while (smallest(images) < 1) images++;
  return images;
}

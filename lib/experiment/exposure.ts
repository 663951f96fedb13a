/** Accuracy on test images whose photo or lesion was trained on, beside the others. */
import type { TestedRun } from "./final_evaluation.ts";
import type { Inputs } from "./features.ts";

export interface Exposure {
  readonly seen: string;
  readonly images: number;
  /** NaN where there are no such images. */
  readonly accuracy: number;
}

const groups = ["another copy of the photo", "another photo of the lesion", "nothing of the lesion"];

/**
 * Divides the test images of some classes by what training has shown of them. The groups differ in their classes too (every
 * image of df and vasc has a copy), so name the classes that all groups have: `comparableClasses`.
 */
export function accuracyByExposure(
  inputs: Inputs,
  run: Pick<TestedRun, "predicted">,
  options: { classes: readonly string[] },
): Exposure[] {
  const { parts, source } = inputs;
  const groupOf = exposureGroups(inputs);
  const counts = groups.map((seen) => ({ seen, images: 0, right: 0 }));
  parts.test.forEach((testRow, index) => {
    const { label } = parts.table[testRow];
    if (!options.classes.includes(source.classes[label].code)) return;
    const group = counts[groupOf(testRow)];
    group.images++;
    if (run.predicted[index] === label) group.right++;
  });
  return counts.map(({ seen, images, right }) => ({
    seen,
    images,
    accuracy: images === 0 ? NaN : right / images,
  }));
}

/**
 * Codes of the classes that can be compared: bkl and mel where both are there, else those with test images of which training has
 * seen a copy and such of which it has seen nothing; where no class has both, all.
 */
export function comparableClasses(inputs: Pick<Inputs, "parts" | "source">): string[] {
  const { parts, source } = inputs;
  const codes = source.classes.map(({ code }) => code);
  if (["bkl", "mel"].every((code) => codes.includes(code))) return ["bkl", "mel"];
  const groupOf = exposureGroups(inputs);
  const seen = codes.map(() => new Set<number>());
  for (const row of parts.test) seen[parts.table[row].label].add(groupOf(row));
  const both = codes.filter((_, label) => seen[label].has(0) && seen[label].has(2));
  return both.length > 0 ? both : codes;
}

/** Tells the place in `groups` of a row of the test. */
function exposureGroups({ parts, source }: Pick<Inputs, "parts" | "source">): (testRow: number) => number {
  const photos = new Set(parts.subsetTrain.map((row) => parts.table[row].row));
  const lesions = new Set([...photos].map((row) => source.samples[row].lesionId));
  return (testRow) => {
    const { row } = parts.table[testRow];
    return photos.has(row) ? 0 : lesions.has(source.samples[row].lesionId) ? 1 : 2;
  };
}

/** The sentences of notebook 7, computed from its numbers, so they are true of every run. Markdown. */
import type { LeakFreeParts } from "../../data/leak_free_parts.ts";
import { excludesZero } from "../../evaluation/intervals.ts";
import type { Depth } from "../../recipe.ts";
import {
  countText,
  differenceText,
  intervalText,
  listed,
  percent,
  points,
  thousands,
} from "../../support/format.ts";
import type { BridgeRow } from "./bridge.ts";
import type { LeakEffect } from "./effects.ts";
import type { TestScores } from "../results.ts";
import type { Related } from "./division.ts";
import type { OfficialRow } from "./results.ts";

/** How many near-duplicates there are, and how photos are grouped. */
export function describeRelated({ evidence, groups, official }: Related): string {
  const { nearDuplicates, samples } = evidence;
  const same = nearDuplicates.filter(({ sameLesion }) => sameLesion).length;
  const sizes = Map.groupBy(groups.groupOf, (group) => group);
  const largest = sizes.values().reduce((most, { length }) => Math.max(most, length), 0);
  return `${thousands(nearDuplicates.length)} pairs of near-duplicates: ${
    thousands(same)
  } have one lesion_id, ${thousands(nearDuplicates.length - same)} have two. So ${
    thousands(samples.length)
  } photos are ${thousands(sizes.size)} groups, of which the largest has ${largest} photos.${
    official.length === 0
      ? ""
      : ` The official test set has ${countText(official.length, "near-duplicate")} of these photos: ${
        listed(official.map((pair) => `${pair.official} of ${pair.own}`))
      }.`
  }`;
}

/** What each kind of leak adds, and whether that may be chance. @param options `codes`: codes of the classes, in label order */
export function describeEffects(
  effects: readonly LeakEffect[],
  { codes }: { codes: readonly string[] },
): string {
  const lines = effects.map(({ kind, depth, effect, deviation, pairs, reached, perClass }) => {
    const what = kind === "copy"
      ? `**Copies of the test's own photos** add ${differenceText(effect)} points of balanced accuracy`
      : `**Other photos of the test's lesions** add ${differenceText(effect)} points (${
        reached === 1 ? "1 photo has" : `${thousands(reached)} photos have`
      } such relatives; the change of photos without any is subtracted)`;
    const spread = deviation === null
      ? ": one division, one seed"
      : `, standard deviation ${points(deviation)}`;
    const sure = excludesZero(effect)
      ? "The interval excludes zero."
      : "The interval includes zero, so this may be chance.";
    const networks = `${countText(pairs, "pair")} of networks${trainedFrom(depth)}`;
    const certain = codes.filter((_, label) => {
      const own = perClass[label]?.effect;
      return own && own.low === own.high;
    });
    const narrow = certain.length > 0
      ? ` The effect is the same in each resample for ${
        listed(certain)
      }, which adds no width to the interval.`
      : "";
    return `- ${what}, over ${networks}${spread}. ${sure}${narrow}`;
  });
  const unmeasured =
    "- The effect of other photos of the test's lesions cannot be measured: no diagnosis has test photos both with and without them.";
  return [...lines, ...effects.some(({ kind }) => kind === "lesion") ? [] : [unmeasured]].join("\n");
}

function trainedFrom(depth: Depth): string {
  return depth === "head" ? "" : `, trained from ${depth} on`;
}

/** What the leaks add on the official test set, and whether the prediction of no effect holds. Empty without the set. */
export function describeOfficialGains(rows: readonly OfficialRow[]): string {
  return rows.flatMap(({ label, depth, gain }) => {
    if (!gain) return [];
    const holds = excludesZero(gain)
      ? "The interval excludes zero, against the prediction."
      : "The interval includes zero: no effect is shown, but one within the interval cannot be ruled out.";
    return [
      `- On the official test set, ${label}${trainedFrom(depth)}: ${differenceText(gain)} points. ${holds}`,
    ];
  }).join("\n");
}

/** How splitting first changes the frozen network's accuracy, and whether the commonest class is recognised by missing resampling. */
export function describeBridge(
  rows: readonly BridgeRow[],
  { asWritten, label, code }: {
    asWritten: Pick<TestScores, "accuracy" | "interval" | "n">;
    label: number;
    code: string;
  },
): string {
  const of = (trained: string, tested: string) =>
    rows.find((row) => row.trained === trained && row.tested === tested)!;
  const [plain, resampled] = [of("originals", "originals"), of("originals", "copies")];
  const interval = asWritten.interval ? `${intervalText(asWritten.interval)}; ` : "";
  return [
    `With the write-up's numbers, but groups divided before the augmentation, the frozen network has an accuracy of ${
      percent(plain.accuracy)
    } (${intervalText(plain.interval)}; n = ${thousands(plain.n)} images of ${
      thousands(plain.groups)
    } groups) instead of ${percent(asWritten.accuracy)} (${interval}n = ${
      thousands(asWritten.n)
    }), on other test images.`,
    `Of these networks with divided groups, the one trained on photos and copies recognises ${code} in ${
      percent(plain.recall[label])
    } of its photos, and in ${
      percent(resampled.recall[label])
    } of them once they are turned, zoomed and interpolated as the copies of all other classes are.`,
    `The one trained on copies alone recognises ${code} in ${
      percent(of("copies", "originals").recall[label])
    } of its photos and in ${percent(of("copies", "copies").recall[label])} of their copies.`,
  ].join(" ");
}

/** Table rows: the number of photos in each part and its use. @param options.chooses whether validation chooses something */
export function partRows(
  { train, validation, test, relatives, halfOf }: LeakFreeParts,
  { chooses }: { chooses: boolean },
) {
  const half = (name: string) => test.filter((row) => halfOf[row] === name).length;
  return [
    {
      part: "train",
      photos: train.length,
      use: chooses ? "trained on, augmented anew each time" : "copies of these are trained on",
    },
    {
      part: "validation",
      photos: validation.length,
      use: chooses ? "chooses the training" : "shown, chooses nothing",
    },
    {
      part: "test",
      photos: test.length,
      use: chooses
        ? "one of each group, opened last"
        : `one of each group; half A ${half("A")}, half B ${half("B")}`,
    },
    { part: "relatives", photos: relatives.length, use: "other photos of the test's groups: in no part" },
  ];
}

/** The sentences of notebook 7, computed from its numbers, so they are true of every run. Markdown. */
import type { LeakFreeParts } from "../../data/leak_free_parts.ts";
import { excludesZero, type Measured } from "../../evaluation/intervals.ts";
import type { Depth } from "../../recipe.ts";
import {
  countText,
  differenceText,
  intervalText,
  listed,
  percent,
  points,
  sampleText,
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
  } photos form ${countText(sizes.size, "group")}, of which the largest has ${largest} photos.${
    official.length === 0
      ? ""
      : ` The official test set has ${countText(official.length, "near-duplicate")} of these photos: ${
        listed(official.map((pair) => `${pair.official} of ${pair.own}`))
      }.`
  }`;
}

/** Which layers were trained, in words. */
export function trainedText(depth: Depth): string {
  return depth === "head" ? "softmax alone" : `from ${depth} on`;
}

/**
 * What each kind of leak adds at each depth, and whether that may be chance: one line for each kind.
 *
 * @param options.codes of the classes, in label order
 */
export function describeEffects(
  effects: readonly LeakEffect[],
  { codes }: { codes: readonly string[] },
): string {
  const lines = [...Map.groupBy(effects, ({ kind }) => kind)].map(([kind, own]) => {
    const added = own.map(({ depth, effect, deviation, pairs, reached }) => {
      const spread = deviation === null
        ? "one division, one seed"
        : `standard deviation ${points(deviation)}`;
      const photos = kind === "copy" ? "" : `${countText(reached, "photo")}, `;
      return `${trainedText(depth)} ${differenceText(effect)}, ${photos}${
        countText(pairs, "pair")
      } of networks, ${spread}`;
    });
    const certain = own.flatMap(({ depth, perClass }) => {
      const those = codes.filter((_, label) => {
        const effect = perClass[label]?.effect;
        return effect && effect.low === effect.high;
      });
      return those.length > 0 ? [`${listed(those)} (${trainedText(depth)})`] : [];
    });
    const narrow = certain.length > 0
      ? ` The effect is the same in each resample for ${
        listed(certain, { separator: " and for " })
      }, which adds no width to the interval.`
      : "";
    const what = kind === "copy"
      ? "**Copies of the test's own photos** add, in points of balanced accuracy"
      : "**Other photos of the test's lesions** add, in points, to photos that have any (the change of all others is subtracted)";
    const verdict = verdictText(own.map(({ depth, effect }) => ({ depth, measured: effect })), {
      unsure: ", so this may be chance",
    });
    return `- ${what}: ${added.join("; ")}. ${verdict}${narrow}`;
  });
  const unmeasured =
    "- The effect of other photos of the test's lesions cannot be measured: no diagnosis has test photos both with and without them.";
  return [...lines, ...effects.some(({ kind }) => kind === "lesion") ? [] : [unmeasured]].join("\n");
}

/** Whether intervals exclude zero, and what follows. @param options.above what follows if an interval lies above zero */
function verdictText(
  all: readonly { depth: Depth; measured: Measured }[],
  { above = "", unsure }: { above?: string; unsure: string },
): string {
  const of = (some: typeof all) =>
    some.length === all.length ? all.length === 1 ? "" : ", at each depth" : ` for ${
      listed(
        some.map(({ depth }) => depth === "head" ? "the softmax alone" : `training ${trainedText(depth)}`),
        { separator: " and " },
      )
    }`;
  const verdicts: [said: string, follows: string, some: typeof all][] = [
    ["lies above zero", above, all.filter(({ measured }) => measured.low > 0)],
    ["lies below zero", "", all.filter(({ measured }) => measured.high < 0)],
    ["includes zero", unsure, all.filter(({ measured }) => !excludesZero(measured))],
  ];
  return verdicts.filter(([, , some]) => some.length > 0)
    .map(([said, follows, some]) => `The interval ${said}${of(some)}${follows}.`).join(" ");
}

/** What the leaks add on the official test set, and whether the prediction of no gain holds. Empty without the set. */
export function describeOfficialGains(rows: readonly OfficialRow[]): string {
  const measured = rows.flatMap(({ label, depth, gain }) => gain ? [{ label, depth, measured: gain }] : []);
  return [...Map.groupBy(measured, ({ label }) => label)].map(([label, own]) => {
    const gains = own.map(({ depth, measured }) => `${trainedText(depth)} ${differenceText(measured)}`);
    const verdict = verdictText(own, {
      above: ", against the prediction",
      unsure: ": no effect is shown, but one within the interval cannot be ruled out",
    });
    return `- What it adds on the official test set if ${label}, in points: ${gains.join("; ")}. ${verdict}`;
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
    } (${intervalText(plain.interval)}; ${sampleText(plain.n)} images of ${
      thousands(plain.groups)
    } groups) instead of ${percent(asWritten.accuracy)} (${interval}${
      sampleText(asWritten.n)
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

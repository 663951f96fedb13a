/** The sentences of notebook 8, computed from its numbers, so they are true of every run. Markdown. */
import {
  countText,
  decimals,
  differenceText,
  escapeMarkdown,
  intervalText,
  listed,
  percent,
  thousands,
} from "../../support/format.ts";
import { perfectCalibrationError } from "../../evaluation/calibration.ts";
import { excludesZero, type Interval, type Measured } from "../../evaluation/intervals.ts";
import { widthlessText } from "../../evaluation/set_scores.ts";
import { type HonestChoice, testedConfiguration } from "./choice.ts";
import type { ClinicalResults } from "./clinical.ts";
import { withInterval } from "./facts.ts";
import type { HonestResults } from "./results.ts";
import type { HonestSelection } from "./selection.ts";
import type { LogitAdjustment } from "./weights.ts";

/** Which changes validation chose, and how the chosen network is asked. */
export function describeHonestChoice(
  { rows, choice, photos, groups, model, adjustment }: HonestSelection,
): string {
  const kept = rows.slice(1).filter(({ stays }) => stays).map(({ label }) => label);
  const left = rows.slice(1).filter(({ stays }) => !stays).map(({ label }) => label);
  return [
    `By ${countText(photos, "validation photo")} in ${countText(groups, "group")} ${
      kept.length === 0 ? "no change stays" : `these changes stay: ${kept.join("; ")}`
    }.`,
    ...left.length === 0
      ? []
      : [`These do not, since their interval includes 0 or they harm: ${left.join("; ")}.`],
    ...adjustment
      ? [
        `Logits are ${adjustmentText(adjustment)}.`,
      ]
      : [],
    `The network (\`${
      model.digest.slice(0, 12)
    }\`) reads ${choice.size} × ${choice.size} pixels and is asked about ${
      orientationsText(choice)
    }. In the log of openings it is \`${
      testedConfiguration(model, choice).slice(0, 12)
    }\`, which includes how it is asked. This choice is written to \`honest/choice.json\` before any test is opened.`,
  ].join(" ");
}

/** How logits are adjusted, in words: `multiplied by 1.25, less 0.50 times …`. */
export function adjustmentText({ scale, prior }: LogitAdjustment): string {
  return `multiplied by ${decimals(scale, 2)}, ${prior < 0 ? "plus" : "less"} ${
    decimals(Math.abs(prior), 2)
  } times the logarithm of the classes' shares`;
}

function orientationsText({ orientations }: Pick<HonestChoice, "orientations">): string {
  return orientations === 1 ? "each photo as it is" : "all eight orientations of each photo";
}

/** The honest balanced accuracy in a sentence, with its interval and the baseline to beat. */
export function honestSentence({ own, official, photos }: HonestResults): string {
  const score = ({ balancedAccuracy, intervals, n }: HonestResults["own"]) =>
    `${percent(balancedAccuracy)} (${intervalText(intervals.balancedAccuracy)}; ${thousands(n)} photos)`;
  const chance = percent(own.baseline.balancedAccuracy);
  const change = official?.control?.difference.balancedAccuracy;
  return [
    `Without a leak, trained on ${countText(photos.train, "photo")}, VGG16 reaches a balanced accuracy of ${
      score(own)
    } on new lesions` +
    (official ? `, and ${score(official.scores)} on ${escapeMarkdown(official.title)}.` : "."),
    `Always giving one answer reaches ${chance}.`,
    ...change
      ? [
        `Photos of that set may be cropped or retouched. If the same is done to ${
          countText(official!.control!.photos, "photo")
        } of the run's own test, their balanced accuracy changes by ${
          differenceText({ value: change.difference, ...change }, 1)
        } points${excludesZero(change) ? "" : ", which may be chance"}.`,
      ]
      : [],
  ].join(" ");
}

/** A warning to show beside the numbers of a leaking test. @param honest null if notebook 8 has not run */
export function describeWorth(honest: HonestResults | null): string {
  return honest
    ? `**Read these numbers beside the honest one.** ${honestSentence(honest)}`
    : "**Read these numbers with care**: the write-up's split leaks. Notebook 7 measures what the leaks add. Notebook 8 measures VGG16 " +
      "without a leak, but has not run here (`deno task reproduce --only 08`).";
}

/** Which diagnoses of the own test are recognised best and worst, and which intervals have no width. */
export function describeClasses({ own, codes }: HonestResults): string {
  const names = codes.map(escapeMarkdown);
  const found = names.map((code, label) => ({ code, ...own.perClass[label] })).filter(({ support }) =>
    support > 0
  )
    .toSorted((a, b) => b.recall - a.recall);
  const [most, least] = [found[0], found.at(-1)!].map(({ code, recall, support }) =>
    `${code} (${percent(recall)} of ${countText(support, "photo")})`
  );
  return [`The network recognises ${most} best and ${least} worst.`, ...widthlessText(own, names)].join(" ");
}

/** What a threshold finds and misses, whether probabilities are calibrated, and results in subgroups. */
export function describeClinical({ own, official, corrected, clinical }: HonestResults): string {
  const { detections, calibration: { before, after } } = clinical;
  return [
    ...detections.map(({ name, n, threshold, sensitivity, specificity }) =>
      `- **${name}**: at a threshold of ${percent(threshold)} it finds ${percent(sensitivity.value)} (${
        intervalText(sensitivity)
      }) of ${n} and calls ${percent(1 - specificity.value)} of the others ${name}.`
    ),
    `- **Probabilities**, corrected to the diagnoses' shares: the most likely diagnosis is right in ${
      percent(corrected.own.value)
    } (${intervalText(corrected.own)}; always one answer: ${percent(own.baseline.accuracy)})${
      corrected.official
        ? `, on the official test set in ${percent(corrected.official.value)} (${
          intervalText(corrected.official)
        }; ${percent(official!.scores.baseline.accuracy)})`
        : ""
    }. Their expected calibration error (ECE) is ${percent(before.ece)} before and ${
      percent(after.ece)
    } after temperature scaling; with so few photos even perfect probabilities would show about ${
      percent(perfectCalibrationError(after.bins))
    }.`,
    ...describeSubgroups(clinical).map((text) => `- **Subgroups**: ${text}`),
  ].join("\n");
}

/** The subgroups where melanoma is found most and least often, and those whose AUC clearly differs from the overall one. */
export function describeSubgroups(
  { detections, subgroups }: Pick<ClinicalResults, "detections" | "subgroups">,
): string[] {
  const known = subgroups.flatMap(({ sensitivity, ...own }) => sensitivity ? [{ ...own, sensitivity }] : [])
    .toSorted((a, b) => a.sensitivity.value - b.sensitivity.value);
  const [least, most] = [known[0], known.at(-1)];
  if (!least || !most || least === most) return [];
  const found = ({ column, value, melanomas, sensitivity }: typeof least) =>
    `${percent(sensitivity.value)} (${column}: ${escapeMarkdown(value)}, ${
      countText(melanomas, "melanoma")
    }; ${intervalText(sensitivity)})`;
  const apart = (a: Interval, b: Interval) => a.high < b.low || b.high < a.low;
  const { auc: overall } = detections.find(({ name }) => name === "melanoma")!;
  const measured = (auc: Measured) => withInterval(auc, (value) => decimals(value));
  const others = known.filter(({ auc }) => auc && apart(auc, overall)).map(({ column, value, auc }) =>
    `${measured(auc!)} for ${column}: ${escapeMarkdown(value)}`
  );
  return [
    `melanoma's sensitivity lies between ${found(least)} and ${found(most)}. The intervals ${
      apart(least.sensitivity, most.sensitivity) ? "do not overlap" : "overlap, so this may be chance"
    }.` +
    (others.length > 0
      ? ` Its AUC is ${measured(overall)} over all, but ${listed(others)}; these intervals do not overlap.`
      : ""),
  ];
}

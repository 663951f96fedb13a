/** What notebook 8 says, in words: computed from its numbers, so that it is true of every run. Markdown. */
import {
  countText,
  decimals,
  differenceText,
  escapeMarkdown,
  intervalText,
  percent,
  thousands,
} from "../../support/format.ts";
import { widthlessText } from "../../evaluation/set_scores.ts";
import type { HonestChoice } from "./choice.ts";
import { correctedAccuracy } from "./clinical.ts";
import type { HonestResults } from "./results.ts";
import type { HonestSelection } from "./selection.ts";
import type { LogitAdjustment } from "./weights.ts";

/** What validation has chosen. */
export function describeHonestChoice(
  { rows, choice, photos, groups, model, adjustment }: HonestSelection,
): string {
  const kept = rows.slice(1).filter(({ stays }) => stays).map(({ label }) => label);
  const left = rows.slice(1).filter(({ stays }) => !stays).map(({ label }) => label);
  return [
    `By ${thousands(photos)} validation photos of ${thousands(groups)} lesions ${
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
    }. It is written to \`honest/choice.json\` before any test is opened.`,
  ].join(" ");
}

/** What is done to logits, as `multiplied by 1.25, less 0.50 times …`. */
export function adjustmentText({ scale, prior }: LogitAdjustment): string {
  return `multiplied by ${decimals(scale, 2)}, ${prior < 0 ? "plus" : "less"} ${
    decimals(Math.abs(prior), 2)
  } times the logarithm of the classes' shares`;
}

function orientationsText({ orientations }: Pick<HonestChoice, "orientations">): string {
  return orientations === 1 ? "each photo as it is" : "all eight orientations of each photo";
}

/** The honest number in a sentence, with its interval and what must be beaten. */
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
    `Always one answer comes to ${chance}.`,
    ...change
      ? [
        `The copy of that set at hand may have another form. It changes the balanced accuracy on ${
          thousands(official!.control!.photos)
        } of the own test photos by ${differenceText({ value: change.difference, ...change }, 1)} points.`,
      ]
      : [],
  ].join(" ");
}

/** What the numbers of a test that leaks are to be read beside. @param honest null: notebook 8 has not run */
export function describeWorth(honest: HonestResults | null): string {
  return honest
    ? `**Read these numbers beside the honest one.** ${honestSentence(honest)}`
    : "**Read these numbers with care**: as the write-up divides its images, the test leaks. What the leaks add is measured in notebook 7, and what VGG16 comes to " +
      "without any in notebook 8, which has not run here (`deno task reproduce --only 08`).";
}

/** Which diagnoses of the own test are found, and which intervals say less than they seem to. */
export function describeClasses({ own, codes }: HonestResults): string {
  const names = codes.map(escapeMarkdown);
  const found = names.map((code, label) => ({ code, ...own.perClass[label] })).filter(({ support }) =>
    support > 0
  )
    .toSorted((a, b) => b.recall - a.recall);
  const [most, least] = [found[0], found.at(-1)!].map(({ code, recall, support }) =>
    `${code} (${percent(recall)} of ${countText(support, "photo")})`
  );
  return [`Best found is ${most}, least ${least}.`, ...widthlessText(own, names)].join(" ");
}

/** What a threshold finds and misses, whom it serves less, and whether probabilities can be believed. */
export function describeClinical({ own, clinical }: HonestResults): string {
  const { detections, calibration, subgroups } = clinical;
  const accuracy = correctedAccuracy(clinical);
  const known = subgroups.filter(({ sensitivity }) => sensitivity);
  const byValue = known.toSorted((a, b) => a.sensitivity!.value - b.sensitivity!.value);
  const [least, most] = [byValue[0], byValue.at(-1)];
  return [
    ...detections.map(({ name, n, threshold, sensitivity, specificity }) =>
      `- **${name}**: at a threshold of ${percent(threshold)} it finds ${percent(sensitivity.value)} (${
        intervalText(sensitivity)
      }) of ${n} and calls ${percent(1 - specificity.value)} of the others ${name}.`
    ),
    `- **Probabilities**, corrected to the diagnoses' shares: the most likely diagnosis is right in ${
      percent(accuracy.value)
    } (${intervalText(accuracy)}; always one answer: ${
      percent(own.baseline.accuracy)
    }). Their expected calibration error (ECE) is ${percent(calibration.before.ece)} before and ${
      percent(calibration.after.ece)
    } after temperature scaling.`,
    ...least && most && least !== most
      ? [
        `- **Subgroups**: melanoma's sensitivity lies between ${
          percent(least.sensitivity!.value)
        } (${least.column} ${least.value}, ${least.melanomas} melanomas) and ${
          percent(most.sensitivity!.value)
        } (${most.column} ${most.value}, ${most.melanomas}). The intervals are wide: a difference is a question, not a finding.`,
      ]
      : [],
  ].join("\n");
}

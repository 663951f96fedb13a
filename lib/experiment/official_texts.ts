/** The results on the official test set in words, computed from its numbers. Markdown. */
import { excludesZero } from "../evaluation/intervals.ts";
import { diagnoses } from "../data/diagnosis.ts";
import type { SetScores } from "../evaluation/set_scores.ts";
import {
  capitalized,
  countText,
  escapeMarkdown,
  firstOf,
  intervalText,
  percent,
  points,
  sampleText,
  signedPoints,
} from "../support/format.ts";
import type { FormControl, OfficialResults, OfficialRun } from "./official_testing.ts";
import type { Results } from "./results.ts";

/** The results on the official set and how to read them; without the set, one line that says why there are none. */
export function describeOfficial({ official, classes, synthetic }: Results): string {
  if (!official) {
    if (synthetic) {
      return "The official test set contains photos, so it cannot test a network that was trained on drawn lesions.";
    }
    const codes = classes.map(({ code }) => code.toLowerCase());
    return diagnoses.every((code) => codes.includes(code))
      ? "The official test set of ISIC 2018 Task 3 was not there, so this run has no number on photos that nobody augmented. " +
        "Get it with `deno task data --with test`, or name its folder with `--test`, and run again."
      : "The official test set of ISIC 2018 Task 3 has other diagnoses than these photos: it is not used.";
  }
  const { title, set, runs, control, shared, damaged } = official;
  const [{ test }] = runs;
  return [
    `${escapeMarkdown(capitalized(title))} has ${
      countText(set.photos, "photo")
    }. None is an augmented copy, ` +
    "and none comes from the photos used for training, so the leak of the run's own test cannot raise these scores. Balanced " +
    "accuracy is the mean of the diagnoses' recalls, so it can stand beside that of the run's own test, whose classes are about " +
    "equal. Nothing was chosen by this set.",
    "",
    ...runs.map((run) => `- **${run.name}**: ${fall(run)}`),
    `- Always answering the commonest class reaches ${
      percent(test.baseline.balancedAccuracy)
    } balanced accuracy there and ${percent(test.baseline.accuracy)} accuracy.`,
    ...control
      ? [
        ...runs.map((run) => `- ${formText(run, control, classes)}`),
        "- Others used the set's photos as released: compare with them only with that in mind.",
      ]
      : [
        "- There is no control for the form of these photos: no folder `ham10000_same_form` with photos of the test part beside them. " +
        "So the effect of another crop, size or retouching than training's on these numbers is unknown.",
      ],
    ...shared.either > 0
      ? [
        `- ${countText(shared.either, "photo")} of the set ${
          shared.either === 1 ? "has" : "have"
        } the file or the lesion of a training photo. The table also shows the scores without ${
          shared.either === 1 ? "it" : "them"
        }.`,
      ]
      : [
        "- No photo of the set has the bytes of a photo in training. Near-duplicates are looked for in notebook 7.",
      ],
    ...damaged.length > 0
      ? [
        `- Cannot be decoded, so left out: ${countText(damaged.length, "photo")}, ${
          escapeMarkdown(firstOf(damaged))
        }.`,
      ]
      : [],
  ].join("\n");
}

/** The difference from the run's own test: in balanced accuracy, then in accuracy. */
function fall({ asWritten, test }: OfficialRun): string {
  const behind = asWritten.balancedAccuracy - test.balancedAccuracy;
  return `${scoreText(test, "balancedAccuracy")} balanced accuracy, against ${
    scoreText(asWritten, "balancedAccuracy")
  } on the run's own test: ${points(Math.abs(behind), 1)} points ${behind < 0 ? "more" : "less"}. Accuracy: ${
    scoreText(test, "accuracy")
  }, against ${scoreText(asWritten, "accuracy")}.`;
}

function scoreText(scores: SetScores, name: "accuracy" | "balancedAccuracy"): string {
  return `${percent(scores[name])} (95 % interval ${intervalText(scores.intervals[name])}, ${
    sampleText(scores.n)
  })`;
}

/** The effect of the photos' form on one network. */
function formText(
  { name, control }: OfficialRun,
  { photos, lesions, lacking }: NonNullable<OfficialResults["control"]>,
  classes: Results["classes"],
): string {
  const { asTheyAre, sameForm, difference: { balancedAccuracy: { difference, low, high } } } = control!;
  const smallest = asTheyAre.perClass.map(({ support }, label) => ({ support, code: classes[label].code }))
    .filter(({ support }) => support > 0)
    .reduce((least, one) => one.support < least.support ? one : least);
  return `Control for ${name}: ${countText(photos, "photo")} of ${
    countText(lesions, "lesion")
  } of the run's own test part ` +
    `whose lesions are not in training (${
      lacking.length > 0 ? `no ${lacking.join(", ")}; ` : ""
    }the smallest class is ${smallest.code} with ${smallest.support}). As they are: ${
      percent(asTheyAre.balancedAccuracy)
    } balanced accuracy; the same photos in the set's form: ${
      percent(sameForm.balancedAccuracy)
    }. So the form alone ` +
    `changes it by ${signedPoints(difference, 1)} points (95 % interval ${signedPoints(low, 1)} to ${
      signedPoints(high, 1)
    }): ${excludesZero({ low, high }) ? "more than the draw of lesions explains." : "this may be chance."}`;
}

/** The change in balanced accuracy by the photos' form, as `+0.7 points (−2.4 to +4.0)`. */
export function pointsText({ difference }: Pick<FormControl, "difference">): string {
  const { difference: value, low, high } = difference.balancedAccuracy;
  return `${signedPoints(value, 1)} points (${signedPoints(low, 1)} to ${signedPoints(high, 1)})`;
}

/** One network's scores in a sentence, always with the control's. */
export function officialSentence(
  { title }: OfficialResults,
  { name, test, control }: OfficialRun,
): string {
  const form = control
    ? `as a control, that form alone changes the balanced accuracy on photos of the run's own test by ${
      pointsText(control)
    }`
    : "the effect of its photos' form was not measured";
  return `On ${escapeMarkdown(title)}, which nobody augmented, the network (${name}) reaches ${
    scoreText(test, "balancedAccuracy")
  } balanced accuracy and ${scoreText(test, "accuracy")} accuracy; ${form}.`;
}

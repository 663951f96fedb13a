/** Results of an honest model that was never trained, for tests. */
import { ham10000Classes } from "../../../lib/data/diagnosis.ts";
import { type AnsweredRows, compareAnswers, measureSet } from "../../../lib/evaluation/set_scores.ts";
import { changed, honestPlan } from "../../../lib/experiment/honest/choice.ts";
import { accuracyAt, clinicalResults } from "../../../lib/experiment/honest/clinical.ts";
import type { HonestResults } from "../../../lib/experiment/honest/results.ts";
import { honestScores } from "../../../lib/experiment/honest/testing.ts";
import { randomFor } from "../../../lib/support/random.ts";

/** Answers to so many photos of each class, each of another lesion; right more often than not. */
function answers(perClass: number, classes: number, seed: number): AnsweredRows {
  const random = randomFor(seed, "answers");
  const truth = Array.from({ length: perClass * classes }, (_, row) => row % classes);
  const probabilities = Float32Array.from(truth.flatMap((label) => {
    const row = Array.from({ length: classes }, (_, i) => random() + (i === label ? 0.5 : 0));
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((value) => value / sum);
  }));
  return { truth, probabilities, groups: truth.map((_, row) => `${row}`), classes };
}

export const seed = 3;
export const { start, steps, seeds } = honestPlan({ preset: "honest" });

/** Made of drawn answers by the functions that make real results. */
export function drawnHonest(
  { classes = ham10000Classes, official = true } = {},
): HonestResults {
  const k = classes.length;
  const [own, validation, other] = [answers(31, k, 1), answers(22, k, 2), answers(13, k, 4)];
  const shares = classes.map((_, label) => (label + 1) / (k * (k + 1) / 2));
  const learnedAt = classes.map(() => 1);
  const samples = Array.from(own.truth, (_, row) => ({
    ...{ imageId: `p${row}`, localization: "back", dxType: "histo" },
    ...{ age: row % 2 ? 35 : 70, sex: row % 3 ? "male" : "female" },
  }));
  const control = { before: answers(5, k, 5), after: answers(5, k, 6) };
  const score = honestScores(other, { seed });
  return {
    steps: [
      { ...{ label: "photos as they are", change: {}, loss: 1.2, balancedAccuracy: 0.5 }, ...first },
      ...steps.map(({ label, change }, i) => ({
        ...{ label, change, loss: 1.1, balancedAccuracy: 0.5, minutes: 9, stays: i !== 1 },
        difference: { value: -0.02, low: -0.03, high: -0.01 },
      })),
    ],
    choice: {
      ...steps.reduce((choice, step, i) => i === 1 ? choice : changed(choice, step), start),
    },
    adjustment: { scale: 1.25, prior: 0.5 },
    photos: { train: 7013, validation: 1009, validationGroups: 747 },
    model: "5eed".repeat(16),
    own: honestScores(own, { seed }),
    official: official
      ? {
        ...{ title: "the official test set", scores: score, unrelated: null },
        control: {
          photos: 35,
          asTheyAre: measureSet(control.before, { seed }),
          sameForm: measureSet(control.after, { seed }),
          difference: compareAnswers(control.before, control.after, { seed }),
        },
      }
      : null,
    ...{ shares, learnedAt, synthetic: false, codes: classes.map(({ code }) => code) },
    corrected: {
      own: accuracyAt(own, { learnedAt, shares, seed }),
      official: official ? accuracyAt(other, { learnedAt, shares, seed }) : null,
    },
    clinical: clinicalResults(own, validation, { samples, classes, shares, seed }),
  };
}
const first = { difference: null, stays: true, minutes: 8 };

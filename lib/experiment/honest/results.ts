/** `honest_model.json`: all results of notebook 8. A published report also has them in `results.json`, as `honest`. */
import { join } from "node:path";
import { countLabels } from "../../data/diagnosis.ts";
import type { LeakFreeParts } from "../../data/leak_free_parts.ts";
import type { Config } from "../../config.ts";
import { readRunFile } from "../results.ts";
import { writeAtomic } from "../../support/atomic.ts";
import type { Measured } from "../../evaluation/intervals.ts";
import { accuracyAt, type ClinicalResults, clinicalResults } from "./clinical.ts";
import { type HonestChoice, learnedShares } from "./choice.ts";
import type { HonestRow, HonestSelection } from "./selection.ts";
import type { HonestScores, HonestTest, OfficialHonest } from "./testing.ts";
import type { LogitAdjustment } from "./weights.ts";
import { jsonText } from "../../support/json.ts";

export const honestFile = "honest_model.json";

/** Plain values: survives JSON. */
export interface HonestResults {
  /** True for drawn images. */
  readonly synthetic: boolean;
  /** Codes of the classes, in label order. */
  readonly codes: readonly string[];
  /** The changes that were tried on validation, and whether each was kept. */
  readonly steps: readonly HonestRow[];
  readonly choice: HonestChoice;
  readonly adjustment: LogitAdjustment | null;
  /** Numbers of training photos, validation photos and validation groups. */
  readonly photos: { readonly train: number; readonly validation: number; readonly validationGroups: number };
  /** Digest of the network. */
  readonly model: string;
  readonly own: HonestScores;
  readonly official: Pick<OfficialHonest, "title" | "scores" | "unrelated" | "control"> | null;
  /** Share of each class among training's lesions, in label order. The test's lesions have the same prevalence. */
  readonly shares: readonly number[];
  /** Class shares that the network's predictions assume, up to a common factor. */
  readonly learnedAt: readonly number[];
  /** Accuracy of the most likely class by probabilities that are corrected to `shares`. */
  readonly corrected: { readonly own: Measured; readonly official: Measured | null };
  /** Measured on the own test. */
  readonly clinical: ClinicalResults;
}

/** Computes all numbers of the honest model and saves them in the run's folder. */
export async function saveHonest(
  { experiment, rows: steps, choice, adjustment, photos, groups, model }: HonestSelection,
  parts: LeakFreeParts,
  { own, validation, official }: HonestTest,
): Promise<HonestResults> {
  const { config, source: { samples, classes, synthetic } } = experiment;
  const lesions = [...new Set(parts.train.map((row) => parts.groupOf[row]))];
  const counts = countLabels(lesions.map((row) => samples[row].label), classes.length);
  const shares = counts.map((count) => count / lesions.length);
  const trained = countLabels(parts.train.map((row) => samples[row].label), classes.length);
  const learnedAt = learnedShares(choice, trained);
  const at = { learnedAt, shares, seed: config.seed };
  const results: HonestResults = {
    ...{ synthetic, codes: classes.map(({ code }) => code) },
    ...{ steps, choice, adjustment, model: model.digest, own: own.scores, shares, learnedAt },
    photos: { train: parts.train.length, validation: photos, validationGroups: groups },
    official: official && {
      ...{ title: official.title, scores: official.scores },
      ...{ unrelated: official.unrelated, control: official.control },
    },
    corrected: { own: accuracyAt(own.rows, at), official: official && accuracyAt(official.rows, at) },
    clinical: clinicalResults(own.rows, validation.rows, {
      samples: own.photos.map((row) => samples[row]),
      ...{ classes, ...at },
    }),
  };
  await writeAtomic(join(config.out, honestFile), jsonText(results, 1));
  return results;
}

/** Reads notebook 8's results from a run's folder; null if it has not run. */
export async function readHonest({ out }: Pick<Config, "out">): Promise<HonestResults | null> {
  return await readRunFile<HonestResults>(join(out, honestFile));
}

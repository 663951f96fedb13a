/** Saves the honest model for use outside the notebook. */
import { join } from "node:path";
import type { LeakFreeParts } from "../../data/leak_free_parts.ts";
import { honestModelFolder } from "./choice.ts";
import type { HonestResults } from "./results.ts";
import type { HonestSelection } from "./selection.ts";
import type { HonestScores } from "./testing.ts";
import { type SavedFile, saveIn, trainedOnPhotos } from "../saved_network.ts";

/** Saves the honest model and its test results in `honest_model`. Returns the saved files. */
export async function saveHonestModel(
  { experiment, model, choice }: HonestSelection,
  parts: Pick<LeakFreeParts, "train">,
  { own, official, clinical, shares, learnedAt }: HonestResults,
): Promise<SavedFile[]> {
  const scores = ({ balancedAccuracy, intervals, n }: HonestScores) => ({
    balancedAccuracy,
    ...{ low: intervals.balancedAccuracy.low, high: intervals.balancedAccuracy.high, photos: n },
  });
  const melanoma = clinical.detections.find(({ name }) => name === "melanoma");
  return await saveIn(join(experiment.config.out, honestModelFolder), experiment, model, {
    ...{
      trainedOn: trainedOnPhotos(experiment, parts.train),
      configuration: model.digest,
      depth: model.depth,
    },
    assessment: {
      ...{
        orientations: choice.orientations,
        own: scores(own),
        official: official && scores(official.scores),
      },
      ...{ shares, learnedAt, temperature: clinical.calibration.temperature },
      melanoma: melanoma
        ? {
          threshold: melanoma.threshold,
          sensitivity: melanoma.sensitivity.value,
          specificity: melanoma.specificity.value,
        }
        : null,
    },
  });
}

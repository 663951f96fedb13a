/** `results.json`: every number of a run in one object, the same bytes for the same configuration, data and engine. */
import { join } from "node:path";
import { writeAtomic } from "../support/atomic.ts";
import type { Config } from "../config.ts";
import type { Evaluation } from "../evaluation/metrics.ts";
import { countLabels } from "../data/diagnosis.ts";
import { engineIdentity } from "../support/engine/engine.ts";
import type { DeepRun } from "./deep_training.ts";
import type { Inputs } from "./features.ts";
import type { FinalEvaluation } from "./final_evaluation.ts";
import { claimOf, testInterval } from "./final_tables.ts";
import { countLeakage } from "./leakage.ts";
import { labelsOf } from "./parts.ts";
import { packageVersions } from "./versions.ts";
import { claimed } from "./write_up.ts";

/** Assembles the results; PROTOCOL.md of the experiment names the fields. */
export function makeResults(
  config: Config,
  inputs: Inputs,
  final: FinalEvaluation,
  deep: DeepRun | null,
): Record<string, unknown> {
  const { parts, source } = inputs;
  const perClass = (rows: readonly number[]) => countLabels(labelsOf(parts, rows), source.classes.length);
  const shared = {
    preset: config.preset,
    scaling: config.scaling,
    size: config.size,
    seed: config.seed,
  };
  return {
    synthetic: source.synthetic,
    protocol: "as-written",
    classes: source.classes,
    skipped: { count: source.skipped?.length ?? 0, images: source.skipped ?? [] },
    counts: {
      images: source.samples.length,
      augmented: parts.table.length,
      train: parts.train.length,
      test: parts.test.length,
      subset: parts.subset.length,
      subsetTrain: parts.subsetTrain.length,
      subsetValidation: parts.subsetValidation.length,
      perClass: {
        images: source.counts,
        augmented: perClass(parts.table.map((_, row) => row)),
        train: perClass(parts.train),
        test: perClass(parts.test),
        subset: perClass(parts.subset),
        subsetTrain: perClass(parts.subsetTrain),
        subsetValidation: perClass(parts.subsetValidation),
      },
    },
    chosen: final.chosen,
    runs: [...final.frozen, ...final.trained ? [final.trained] : []].map((run) => ({
      name: run.depth === "head" ? `frozen VGG16 + softmax, ${run.optimizer}` : run.name,
      ...shared,
      depth: run.depth,
      optimizer: run.optimizer,
      ...run === final.trained
        ? { recipe: deep!.recipe, bestEpoch: deep!.bestEpoch, history: deep!.history }
        : { learningRate: config.learningRate, epochs: config.epochs },
      configuration: run.configuration,
      train: summary(run.train),
      validation: summary(run.validation),
      test: { ...withConfusion(run.test), interval: testInterval(inputs, run, config.seed) },
    })),
    baselines: final.baselines.map(({ name, train, validation, test }) => ({
      name,
      ...shared,
      depth: null,
      optimizer: null,
      configuration: null,
      train: summary(train),
      validation: summary(validation),
      test: withConfusion(test),
    })),
    claimed,
    claim: claimOf(config, inputs, final),
    leakage: {
      against9600: countLeakage(source, parts, parts.subsetTrain),
      against34120: countLeakage(source, parts, parts.train),
    },
    changedByHalfFloats: final.changedByHalfFloats,
    weights: inputs.weights.source,
    versions: packageVersions(),
    engine: engineIdentity,
    digests: { data: inputs.dataDigest, weights: inputs.weights.digest },
  };
}

/** Writes `results.json` in the run's folder. */
export async function saveResults(config: Config, results: Record<string, unknown>): Promise<void> {
  await writeAtomic(join(config.out, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
}

function summary({ n, accuracy, balancedAccuracy, macroPrecision, macroRecall, macroF1, loss }: Evaluation) {
  return { n, accuracy, balancedAccuracy, macroPrecision, macroRecall, macroF1, loss };
}

function withConfusion(test: Evaluation) {
  return { ...summary(test), perClass: test.perClass, confusion: test.confusion };
}

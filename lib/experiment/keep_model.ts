/** The network that validation prefers, saved as a thing to use. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { saveModel } from "../model/saved_model.ts";
import type { OptimizerRun } from "./comparison.ts";
import type { DeepRun } from "./deep_training.ts";
import type { Inputs } from "./features.ts";
import type { FinalEvaluation } from "./final_evaluation.ts";

/** Saves the best run's network in `model` of the run's folder, for `deno task classify`, TensorFlow.js and Keras. */
export async function keepModel(
  config: Config,
  inputs: Inputs,
  { best, trained }: FinalEvaluation,
  { runs, deep }: { runs: readonly OptimizerRun[]; deep: DeepRun | null },
): Promise<void> {
  const { layers, digest, source } = inputs.weights;
  const frozen = () => runs.find(({ configuration }) => configuration === best.configuration)!;
  const network = best === trained ? deep!.network : { layers, head: frozen().head };
  await saveModel(join(config.out, "model"), {
    ...{ size: config.size, scaling: config.scaling, classes: inputs.source.classes },
    ...network,
    provenance: {
      configuration: best.configuration,
      base: source,
      baseDigest: digest,
      depth: best.depth,
      seed: config.seed,
      synthetic: inputs.source.synthetic,
    },
  });
}

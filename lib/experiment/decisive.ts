/** What decides the results of a training: what digests of configurations are made of. */
import { type Config, experimentOf } from "../config.ts";
import { engineIdentity } from "../support/engine/engine.ts";
import type { Inputs } from "./features.ts";

/** Constants, data, weights and engine; not what is trained: that each kind of training adds. */
export function decisiveOf(config: Config, inputs: Inputs) {
  const { preset: _1, studyEpochs: _2, optimizers: _3, depth: _4, recipe: _5, ...constants } = experimentOf(
    config,
  );
  return {
    ...constants,
    data: inputs.dataDigest,
    weights: inputs.weights.digest,
    engine: engineIdentity,
  };
}

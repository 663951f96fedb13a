/** Activations that a run still has to compute. Loads the engine, which is part of their keys. */
import type { Config } from "../config.ts";
import { activationInputs, activationOptions } from "../experiment/features.ts";
import { openInputs } from "../experiment/inputs.ts";
import { storedActivations } from "../model/activations.ts";

/** Images of the subset and of the test whose activations are not stored. */
export async function missingActivations(config: Config): Promise<{ subset: number; test: number }> {
  const inputs = await openInputs(config);
  const missing = async (rows: readonly number[], float32: boolean) => {
    const options = { ...activationOptions(config, inputs), float32 };
    return rows.length - await storedActivations(activationInputs(config, inputs, rows), options);
  };
  return { subset: await missing(inputs.parts.subset, false), test: await missing(inputs.parts.test, true) };
}

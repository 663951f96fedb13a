/** The recipe on all images of the training side, in as many steps as on the write-up's 12,000, both on the test. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { thousands } from "../support/format.ts";
import type { Interval } from "../evaluation/intervals.ts";
import { deepConfigurationOf, trainDeep } from "./deep_training.ts";
import { testDeep } from "./final_evaluation.ts";
import { testInterval } from "./final_tables.ts";
import type { Inputs } from "./features.ts";
import { openInputs } from "./inputs.ts";
import { countLeakage } from "./leakage.ts";
import type { StageProgress } from "./source.ts";
import { openRows } from "./study_rows.ts";
import { allImages } from "./study_runs.ts";

export interface AllImagesRow {
  readonly name: string;
  /** Images of the subset: trained on and validated with. */
  readonly images: number;
  readonly epochs: number;
  /** Share of the test images of which training has seen a copy. */
  readonly copyShare: number;
  /** Accuracies, and the 95 % interval of the test's. */
  readonly validation: number;
  readonly test: number;
  readonly interval: Interval;
  /** Minutes of training. */
  readonly minutes: number;
  readonly configuration: string;
}

/**
 * Trains the configuration's recipe on the subset and, with as many steps, on all images of the training side; opens the test for
 * both and keeps the rows in `studies/all_images.json`. A row that is kept there for the same configuration is taken: the test is
 * opened once for each.
 *
 * @throws {RangeError} for a configuration without a recipe
 */
export async function testOnAllImages(
  config: Config,
  { progress = () => () => {} }: { progress?: StageProgress } = {},
): Promise<{ rows: AllImagesRow[] }> {
  const file = await openRows<AllImagesRow>(join(config.out, "studies", "all_images.json"));
  for (const variant of [config, allImages(config)]) {
    const inputs = await openInputs(variant, progress);
    const kept = file.kept(deepConfigurationOf(variant, inputs));
    await file.add(kept ?? await measure(variant, inputs, progress));
  }
  return { rows: await file.finish() };
}

async function measure(config: Config, inputs: Inputs, progress: StageProgress): Promise<AllImagesRow> {
  const { subset, subsetTrain } = inputs.parts;
  const name = `${thousands(subset.length)} images`;
  const deep = await trainDeep(config, inputs, {
    activations: progress(`${name}: activations`),
    training: progress(name),
    evaluation: progress(`${name}: measuring`),
  });
  const run = await testDeep(config, inputs, deep, progress(`${name}: test`));
  const [seen] = countLeakage(inputs.source, inputs.parts, subsetTrain).slice(-1);
  return {
    name,
    images: subset.length,
    epochs: deep.history.length,
    copyShare: seen.copyShare,
    validation: run.validation.accuracy,
    test: run.test.accuracy,
    interval: testInterval(inputs, run, config.seed),
    minutes: deep.seconds / 60,
    configuration: run.configuration,
  };
}

/** The recipe on all images of the training side, in as many steps as on the write-up's 12,000, both on the test. */
import { join } from "node:path";
import { writeAtomic } from "../atomic.ts";
import type { Config } from "../config.ts";
import type { Interval } from "../evaluation/intervals.ts";
import { trainDeep } from "./deep_training.ts";
import { testDeep, type TestedRun } from "./final_evaluation.ts";
import { testInterval } from "./final_tables.ts";
import { openInputs } from "./inputs.ts";
import { countLeakage } from "./leakage.ts";
import type { StageProgress } from "./source.ts";
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
 * both and keeps the rows in `studies/all_images.json`.
 *
 * @throws {RangeError} for a configuration without a recipe
 */
export async function testOnAllImages(
  config: Config,
  { progress = () => () => {} }: { progress?: StageProgress } = {},
): Promise<{ rows: AllImagesRow[]; runs: TestedRun[] }> {
  const rows: AllImagesRow[] = [];
  const runs: TestedRun[] = [];
  for (const variant of [config, allImages(config)]) {
    const inputs = await openInputs(variant, progress);
    const { subset, subsetTrain } = inputs.parts;
    const name = `${subset.length.toLocaleString("en-US")} images`;
    const deep = await trainDeep(variant, inputs, {
      activations: progress(`${name}: activations`),
      training: progress(name),
      evaluation: progress(`${name}: measuring`),
    });
    const run = await testDeep(variant, inputs, deep, progress(`${name}: test`));
    const [seen] = countLeakage(inputs.source, inputs.parts, subsetTrain).slice(-1);
    runs.push(run);
    rows.push({
      name,
      images: subset.length,
      epochs: deep.history.length,
      copyShare: seen.copyShare,
      validation: run.validation.accuracy,
      test: run.test.accuracy,
      interval: testInterval(inputs, run, variant.seed),
      minutes: deep.seconds / 60,
      configuration: run.configuration,
    });
  }
  await writeAtomic(join(config.out, "studies", "all_images.json"), `${JSON.stringify(rows, null, 2)}\n`);
  return { rows, runs };
}

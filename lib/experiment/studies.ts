/** What goes beyond the write-up: runs that differ in one thing, trained once each and compared on validation. */
import { join } from "node:path";
import type { Config, Scaling } from "../config.ts";
import type { ImageSize } from "../image_size.ts";
import type { Depth, OptimizerName } from "../recipe.ts";
import { parameterCount } from "../model/architecture.ts";
import { keptEpoch } from "./about_recipe.ts";
import { deepConfigurationOf, type DeepProgress, trainDeep } from "./deep_training.ts";
import type { Inputs } from "./features.ts";
import { openInputs } from "./inputs.ts";
import { trainedLayers } from "./network.ts";
import type { StageProgress } from "./source.ts";
import { openRows } from "./study_rows.ts";
import { type StudyRun, variantOf } from "./study_runs.ts";

/** What a run of a study has come to. Validation alone: the test stays shut. */
export interface StudyResult {
  readonly label: string;
  readonly depth: Depth;
  readonly optimizer: OptimizerName;
  readonly scaling: Scaling;
  readonly size: ImageSize;
  /** Images trained on. */
  readonly images: number;
  /** Trained weights and biases. */
  readonly parameters: number;
  readonly epochs: number;
  /** The epoch whose weights are kept, counted over all stages. */
  readonly bestEpoch: number;
  readonly train: { readonly accuracy: number; readonly loss: number };
  readonly validation: { readonly n: number; readonly accuracy: number; readonly loss: number };
  /** Digest of everything that decides the run. */
  readonly configuration: string;
  /** Minutes of training, without the activations before it. */
  readonly minutes: number;
}

/**
 * Trains what is not trained yet and keeps the results in `studies/<name>.json`. What runs share, activations or a whole run, is
 * computed once; a result that is kept there for the same configuration is taken, whether or not its weights are still to be had.
 *
 * @param progress makes a progress line for a named stage
 */
export async function runStudy(
  config: Config,
  name: string,
  { runs, progress = () => () => {} }: { runs: readonly StudyRun[]; progress?: StageProgress },
): Promise<StudyResult[]> {
  const file = await openRows<StudyResult>(join(config.out, "studies", `${name}.json`));
  let opened = null as { key: string; inputs: Inputs } | null;
  for (const [index, run] of runs.entries()) {
    const variant = variantOf(config, run);
    const key = `${variant.size} ${variant.subsetShare}`; // decides images and parts
    if (opened?.key !== key) opened = { key, inputs: await openInputs(variant, progress) };
    const place = `${run.label} (${index + 1}/${runs.length})`;
    const kept = file.kept(deepConfigurationOf(variant, opened.inputs));
    await file.add(
      kept ? { ...kept, label: run.label } : await measure(run, variant, opened.inputs, {
        activations: progress(`${place}: activations`),
        training: progress(place),
        evaluation: progress(`${place}: measuring`),
      }),
    );
  }
  return await file.finish();
}

async function measure(
  { label }: StudyRun,
  config: Config,
  inputs: Inputs,
  progress: DeepProgress,
): Promise<StudyResult> {
  const run = await trainDeep(config, inputs, progress);
  const { depth, optimizer, configuration, history, train, validation } = run;
  const softmax = (run.network.head.inputs + 1) * run.network.head.classes;
  return {
    ...{ label, depth, optimizer, scaling: config.scaling, size: config.size },
    images: inputs.parts.subsetTrain.length,
    parameters: parameterCount(trainedLayers(depth)) + softmax,
    epochs: history.length,
    bestEpoch: keptEpoch(run),
    train: { accuracy: train.accuracy, loss: train.loss },
    validation: { n: validation.n, accuracy: validation.accuracy, loss: validation.loss },
    configuration,
    minutes: run.seconds / 60,
  };
}

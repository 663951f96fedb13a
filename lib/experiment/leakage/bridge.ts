/**
 * The bridge from the write-up's accuracy to a leak-free one. The recipe and the numbers of images stay, but groups of photos are
 * divided before the augmentation. One network is trained on images as written, one on copies alone; both are tested on both.
 */
import { divideGroups } from "../../data/leak_free_parts.ts";
import { labelsOf, makeParts } from "../../data/parts.ts";
import { type BothForms, splitFirst } from "../../data/split_first.ts";
import { groupBootstrapInterval, type Interval } from "../../evaluation/intervals.ts";
import { argmaxRows, evaluate, rightAnswers } from "../../evaluation/metrics.ts";
import type { Depth, StageOptions } from "../../recipe.ts";
import type { Experiment } from "../experiment.ts";
import { type Related, withParts } from "./division.ts";
import { modelOf, train } from "../run.ts";
import { openTest } from "../testing.ts";

/** `originals`: photos first, then copies, as written. `copies`: every image is a resampled copy. */
export type Form = keyof BothForms;
const forms = ["originals", "copies"] as const;

export interface BridgeRow {
  readonly depth: Depth;
  readonly trained: Form;
  readonly tested: Form;
  /** Numbers of test images and of their groups of photos. */
  readonly n: number;
  readonly groups: number;
  readonly accuracy: number;
  /** 95 % interval of the accuracy, over groups. */
  readonly interval: Interval;
  /** Recall of each class, in label order; 0 for a class that is not tested. */
  readonly recall: readonly number[];
}

/**
 * Trains two networks and tests each twice. Trained networks are reused.
 *
 * @throws {Error} if a photo, copy, lesion or near-duplicate is in two parts
 */
export async function crossBridge(
  experiment: Experiment,
  { evidence, groups }: Related,
  { recipe, seed }: { recipe: readonly StageOptions[]; seed: number },
): Promise<BridgeRow[]> {
  const { source, config } = experiment;
  const parts = divideGroups(source, groups, { partition: 0, seed: config.seed });
  const lists = splitFirst(source, parts, {
    asWritten: makeParts(config, source),
    seed: config.seed,
  });
  const classes = source.classes.length;
  const both = forms.flatMap((form) => lists.test[form]);
  const rows: BridgeRow[] = [];
  for (const trained of forms) {
    const leak = { allowed: "nothing", evidence } as const;
    const learned = { train: lists.train[trained], validation: parts.validation, leak };
    const label = `split first, trained on ${trained}`;
    const learning = withParts(experiment, { ...learned, test: both });
    const run = await train(learning, modelOf(experiment, seed), recipe, { seed, label });
    for (const tested of forms) {
      const own = withParts(experiment, { ...learned, test: lists.test[tested] });
      const { answers } = await openTest(own, { ...run, name: label });
      const truth = labelsOf(own.parts, own.parts.test);
      const group = own.parts.test.map((row) => `${parts.groupOf[own.parts.table[row].row]}`);
      const { accuracy, perClass } = evaluate(truth, answers, classes);
      const right = rightAnswers(truth, argmaxRows(answers, classes));
      rows.push({
        ...{ depth: run.depth, trained, tested, n: truth.length, groups: new Set(group).size, accuracy },
        interval: groupBootstrapInterval(right, group, { seed: config.seed }),
        recall: perClass.map(({ recall }) => recall),
      });
    }
  }
  return rows;
}

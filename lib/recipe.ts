/** How a network is trained: stages, each of which goes on from where the one before it ended. */

export const optimizerNames = ["nadam", "adam", "rmsprop"] as const;
export type OptimizerName = (typeof optimizerNames)[number];

/** The first part of VGG16 that is trained; all behind it is trained too. `head`: the softmax alone. */
export const depths = ["head", "block5", "block4", "block3", "block2", "block1"] as const;
export type Depth = (typeof depths)[number];

/** `constant`: the same rate throughout. `cosine`: down along half a wave to nearly 0. */
const scheduleNames = ["constant", "cosine"] as const;
export type ScheduleName = (typeof scheduleNames)[number];

export interface Stage {
  readonly depth: Depth;
  readonly optimizer: OptimizerName;
  /** The highest rate of the schedule, above 0. */
  readonly learningRate: number;
  readonly schedule: ScheduleName;
  /** Epochs in which the rate rises; may be a fraction. 0: none. */
  readonly warmUpEpochs: number;
  readonly epochs: number;
  /** Rows per step; an epoch's last step takes what is left. */
  readonly batchSize: number;
  /** Share of the softmax's inputs that is dropped in training, 0 ≤ dropout < 1; the others grow by 1 / (1 − dropout). */
  readonly dropout: number;
  /** Share of each kernel, times the learning rate, that a step takes off before its update (decoupled, as Keras does). */
  readonly weightDecay: number;
  /**
   * Show each image in one of its eight orientations, turned by quarters and mirrored, drawn anew every epoch. Of `block1` alone:
   * behind frozen layers there are no images, but what they made of them.
   */
  readonly randomOrientation: boolean;
  /**
   * Whether the frozen layers run in every step: for images that are drawn anew each time. Else what they make of an image is stored
   * once. Not of `head`, and not of `block1`, where nothing is frozen.
   */
  readonly readsImages: boolean;
  /**
   * Whether the loss corrects for how often each class is shown, so that the softmax learns what the images say beyond that:
   * J. Ren et al., "Balanced Meta-Softmax for Long-Tailed Visual Recognition", NeurIPS 2020.
   */
  readonly balancedSoftmax: boolean;
  /**
   * Momentum of an exponential moving average of the weights, 0 ≤ m < 1, which count in place of the last ones. It starts from the
   * weights before training (Keras' `use_ema` from those after the first step). 0: no average.
   */
  readonly emaMomentum: number;
  /** Epochs without a better validation after which the stage ends; null: never. */
  readonly patience: number | null;
  /**
   * Whether the weights of the best epoch count: that with the highest validation accuracy, of equal ones the lowest loss, of equal
   * ones the first. Else those of the last epoch count.
   */
  readonly restoreBestWeights: boolean;
}

/** What may be said of a stage; `stageOf` adds the rest. */
export type StageOptions = Partial<Stage> & Pick<Stage, "depth">;

/** Stages in order; each trains at least as deep as the one before, whose weights it starts from. */
export type Recipe = readonly Stage[];

/** What a stage is where it does not say otherwise: the rates that validation liked best, `head` as the write-up has it. */
export function stageOf(given: StageOptions): Stage {
  const shared = {
    optimizer: "nadam",
    batchSize: 32,
    dropout: 0,
    weightDecay: 0,
    randomOrientation: false,
    readsImages: false,
    balancedSoftmax: false,
    emaMomentum: 0,
    patience: null,
    restoreBestWeights: given.depth !== "head",
  } as const;
  const ofDepth = given.depth === "head"
    ? { learningRate: 1e-3, schedule: "constant", warmUpEpochs: 0, epochs: 30 } as const
    : { learningRate: 1e-4, schedule: "cosine", warmUpEpochs: 0.5, epochs: 10 } as const;
  return { ...shared, ...ofDepth, ...given };
}

/**
 * What a stage's key is made of: its depth, and what differs from the depth's defaults. So a default that is written out changes no
 * key, nor does a field that is added here one day. But whoever changes a default must raise `fitVersion` in training/fit.ts.
 */
export function keyOf(given: StageOptions): StageOptions {
  const { depth } = given;
  const defaults = stageOf({ depth });
  const names = Object.keys(defaults) as (keyof Stage)[];
  const own = names.filter((name) => given[name] !== undefined && given[name] !== defaults[name]);
  return { depth, ...Object.fromEntries(own.map((name) => [name, given[name]])) };
}

/** @throws {RangeError} when a stage cannot be, or trains less deep than the one before it */
export function checkRecipe(recipe: Recipe): void {
  recipe.forEach((stage, index) => {
    try {
      checkStage(stage);
      const before = recipe[index - 1]?.depth ?? "head";
      if (depths.indexOf(stage.depth) < depths.indexOf(before)) {
        throw new RangeError(
          `depth must be at least as deep as the stage before, ${before}. Received: ${stage.depth}`,
        );
      }
    } catch (error) {
      throw new RangeError(`stage ${index + 1}: ${(error as Error).message}`, { cause: error });
    }
  });
}

/** @throws {RangeError} for the first field that cannot be, with what was expected */
export function checkStage(stage: Stage): void {
  const expect = (holds: boolean, name: keyof Stage, expected: string) => {
    if (!holds) throw new RangeError(`${name} must be ${expected}. Received: ${stage[name]}`);
  };
  const fields = Object.keys(stageOf({ depth: "head" }));
  const odd = Object.keys(stage).find((name) => !fields.includes(name));
  if (odd) throw new RangeError(`fields must be out of ${fields.join(", ")}. Received: ${odd}`);
  const oneOf = (name: keyof Stage, names: readonly string[]) =>
    expect(names.some((known) => known === stage[name]), name, `one of ${names.join(", ")}`);
  const { learningRate, warmUpEpochs, epochs, batchSize, dropout, weightDecay, emaMomentum, patience } =
    stage;
  oneOf("depth", depths);
  oneOf("optimizer", optimizerNames);
  oneOf("schedule", scheduleNames);
  expect(learningRate > 0 && Number.isFinite(learningRate), "learningRate", "a positive number");
  expect(isCount(epochs), "epochs", "a whole number of at least 1");
  expect(isCount(batchSize), "batchSize", "a whole number of at least 1");
  expect(
    Number.isFinite(warmUpEpochs) && warmUpEpochs >= 0 && warmUpEpochs < epochs,
    "warmUpEpochs",
    `at least 0 and below the ${epochs} epochs`,
  );
  expect(Number.isFinite(dropout) && dropout >= 0 && dropout < 1, "dropout", "at least 0 and below 1");
  expect(Number.isFinite(weightDecay) && weightDecay >= 0, "weightDecay", "a number of at least 0");
  expect(
    stage.randomOrientation === false || (stage.randomOrientation === true && stage.depth === "block1"),
    "randomOrientation",
    `false, or true at depth block1, not ${stage.depth}`,
  );
  expect(
    stage.readsImages === false || (stage.readsImages === true && !["head", "block1"].includes(stage.depth)),
    "readsImages",
    `false, or true at depths block2 to block5, not ${stage.depth}`,
  );
  expect(typeof stage.balancedSoftmax === "boolean", "balancedSoftmax", "true or false");
  expect(
    Number.isFinite(emaMomentum) && emaMomentum >= 0 && emaMomentum < 1,
    "emaMomentum",
    "at least 0 and below 1",
  );
  expect(
    patience === null || isCount(patience),
    "patience",
    "a whole number of at least 1, or null",
  );
  expect(typeof stage.restoreBestWeights === "boolean", "restoreBestWeights", "true or false");
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

/** How a network is trained: in stages, each of which starts from the weights of the one before. */

export const optimizerNames = ["nadam", "adam", "rmsprop"] as const;
export type OptimizerName = (typeof optimizerNames)[number];

/** The first part of VGG16 that is trained, together with all layers after it. `head`: only the softmax. */
export const depths = ["head", "block5", "block4", "block3", "block2", "block1"] as const;
export type Depth = (typeof depths)[number];

/** `constant`: the same rate throughout. `cosine`: falls along half a cosine wave to nearly 0. */
const scheduleNames = ["constant", "cosine"] as const;
export type ScheduleName = (typeof scheduleNames)[number];

export interface Stage {
  readonly depth: Depth;
  readonly optimizer: OptimizerName;
  /** The highest rate of the schedule, above 0. */
  readonly learningRate: number;
  readonly schedule: ScheduleName;
  /** Warm-up: epochs in which the rate rises; may be a fraction. 0: none. */
  readonly warmUpEpochs: number;
  readonly epochs: number;
  /** Rows per step; an epoch's last step takes the rest. */
  readonly batchSize: number;
  /** Share of the softmax's inputs that is dropped in training, 0 ≤ dropout < 1; the others are scaled by 1 / (1 − dropout). */
  readonly dropout: number;
  /** Decoupled weight decay, as in Keras: a step first subtracts this share of each kernel, times the learning rate. */
  readonly weightDecay: number;
  /**
   * Show each image in one of eight orientations (quarter turns, mirrored or not), drawn anew every epoch. Only at depth
   * `block1`: after frozen layers there are no images to turn, only activations.
   */
  readonly randomOrientation: boolean;
  /**
   * Whether the frozen layers run in every step, for images that are drawn anew each time. Otherwise their activations are stored
   * once for each image. Not at `head`, and not at `block1`, which freezes nothing.
   */
  readonly readsImages: boolean;
  /**
   * Whether the loss corrects for how often each class is shown, so that the softmax learns only what the images add to that: J.
   * Ren et al., "Balanced Meta-Softmax for Long-Tailed Visual Recognition", NeurIPS 2020.
   */
  readonly balancedSoftmax: boolean;
  /**
   * Momentum of an exponential moving average of the weights, 0 ≤ m < 1; 0: no average. The average replaces the last weights. It
   * starts from the weights before training (Keras' `use_ema`: from those after the first step).
   */
  readonly emaMomentum: number;
  /** The stage ends after this many epochs without a better validation; null: never. */
  readonly patience: number | null;
  /**
   * Whether the weights of the best epoch are kept, not those of the last one. The best epoch has the highest validation
   * accuracy; ties go to the lowest validation loss, then to the first epoch.
   */
  readonly restoreBestWeights: boolean;
}

/** The options of a stage; `stageOf` adds the defaults. */
export type StageOptions = Partial<Stage> & Pick<Stage, "depth">;

/** Stages in order; each trains at least as deep as the one before, and starts from its weights. */
export type Recipe = readonly Stage[];

/** Returns a stage with its defaults: the values that gave the best validation, and for `head` those of the comparison. */
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
 * The part of a stage that enters its key: the depth, and all values that differ from the depth's defaults. So the key stays the
 * same if a default is written out, or if a new field is added. Raise `fitVersion` in training/fit.ts when you change a default.
 */
export function keyOf(given: StageOptions): StageOptions {
  const { depth } = given;
  const defaults = stageOf({ depth });
  const names = Object.keys(defaults) as (keyof Stage)[];
  const own = names.filter((name) => given[name] !== undefined && given[name] !== defaults[name]);
  return { depth, ...Object.fromEntries(own.map((name) => [name, given[name]])) };
}

/** @throws {RangeError} if a stage is invalid, or trains less deep than the one before it */
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

/** @throws {RangeError} for the first invalid field, with what was expected */
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

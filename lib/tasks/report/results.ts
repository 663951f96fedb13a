/** `results.json` as far as the report reads it, and what follows from it. A later run may hold more. */

/** What is measured on one part; all but the count are shares from 0 to 1, the loss is a cross-entropy. */
export interface Scores {
  n: number;
  accuracy: number;
  balancedAccuracy: number;
  macroF1: number;
  loss: number;
  /** 95 % interval of the accuracy, where one was computed. */
  interval?: { low: number; high: number };
}

/** A trained network, or a baseline (depth null). */
export interface ResultRun {
  name: string;
  /** `head`: the softmax alone was trained; `block5` … `block1`: from that block on. */
  depth: string | null;
  optimizer: string | null;
  epochs?: number;
  configuration?: string | null;
  train: Scores;
  validation: Scores;
  test: Scores;
}

/** How much of the test training has seen: a diagnosis a row, "all" in the last. */
export interface LeakageShare {
  dx: string;
  images: number;
  copyShare: number;
  lesionShare: number;
}

export interface Results {
  synthetic: boolean;
  counts: {
    images: number;
    augmented: number;
    train: number;
    test: number;
    subset: number;
    subsetTrain: number;
  };
  chosen?: string;
  runs: ResultRun[];
  baselines: ResultRun[];
  claimed: { title: string; accuracy: number };
  claim?: {
    claimed: number;
    ours: number;
    interval: { low: number; high: number };
    optimizer: string;
    trained?:
      | { ours: number; interval: { low: number; high: number }; optimizer: string; depth: string }
      | null;
    baselines: { name: string; accuracy: number }[];
  };
  leakage?: { against9600?: LeakageShare[] };
  weights?: string;
  engine?: { name?: string; tensorflow?: string; tfjs?: string; threads?: number };
  digests?: { data?: string; weights?: string };
}

/** The run that answers the write-up: of the frozen network the one that validation chose. */
export function asWrittenRun(results: Results): ResultRun | null {
  const frozen = results.runs.filter(({ depth }) => depth === "head" || depth === null);
  const runs = frozen.length > 0 ? frozen : results.runs;
  return runs.find(({ optimizer }) => optimizer === (results.claim?.optimizer ?? results.chosen)) ??
    bestOnValidation(runs);
}

/** The best run that trains more than the softmax, by validation; null where there is none. */
export function deeperRun(results: Results): ResultRun | null {
  return bestOnValidation(results.runs.filter(({ depth }) => depth !== "head" && depth !== null));
}

/** A run's 95 % interval on the test, where one is stored. */
export function intervalOf(results: Results, run: ResultRun): { low: number; high: number } | null {
  if (run.test.interval) return run.test.interval;
  const { claim } = results;
  return claim && run === asWrittenRun(results) && claim.ours === run.test.accuracy ? claim.interval : null;
}

function bestOnValidation(runs: ResultRun[]): ResultRun | null {
  return runs.toSorted((a, b) => b.validation.accuracy - a.validation.accuracy)[0] ?? null;
}

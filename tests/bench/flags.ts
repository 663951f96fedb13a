/** The benchmark's flags. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../../lib/support/project.ts";
import { type Precision, precisions } from "../../lib/config.ts";
import { type Depth, depths } from "../../lib/recipe.ts";

export const caseNames = [
  ...["decode", "augmentation", "features", "training", "evaluation"],
  ...["comparison", "growth", "whole-run"],
] as const;

export const help = `deno task bench [flags]

Measures this project's speed beside what a user would pick instead, stage by stage: the same
inputs, in turns, in one run on this machine. First it checks that all give the same results.

  --short                tries each stage with few images and few peers, under three minutes:
                         it shows that the benchmark works, its times mean little
  --cases LIST           out of ${caseNames.slice(0, 5).join(", ")},
                         ${caseNames.slice(5).join(", ")} (default: all; whole-run takes
                         half an hour, and needs --data and --weights)
  --depths LIST          of training, out of ${depths.join(", ")}
                         (default: all)
  --precisions LIST      of features and training, out of ${precisions.join(", ")}; bfloat16 is
                         measured where the CPU computes in it (default: both)
  --images N             images in a pass of decode, augmentation and features (default: 256)
  --training-images N    images in a pass of training, a multiple of 32 (default: 128)
  --rounds N             rounds (default: 7)
  --data FOLDER          HAM10000 (default: noise images)
  --weights FILE         Keras' VGG16 weights (default: seeded random ones)
  --python FILE          an interpreter with the packages of tests/bench/requirements.txt
                         (default: one is set up in data/bench-venv)
  --out FILE             where the numbers go (default: outputs/bench.json)
  --help                 this page

Exit codes: 0 every target is met, and always with --short; 1 one is missed.
`;

export interface Flags {
  readonly help: boolean;
  readonly short: boolean;
  readonly cases: readonly (typeof caseNames)[number][];
  readonly depths: readonly Depth[];
  readonly precisions: readonly Precision[];
  readonly images: number;
  readonly trainingImages: number;
  readonly rounds: number;
  readonly data: string | null;
  readonly weights: string | null;
  readonly python: string | null;
  readonly out: string;
}

/** What the short form changes, each by its flag. */
const shortDefaults = {
  cases: caseNames.slice(0, 5).concat("growth").join(),
  depths: "block5",
  images: "32",
  "training-images": "32",
  rounds: "1",
};

/** @throws {RangeError} with the flag, what was expected and what came */
export function readFlags(args: readonly string[]): Flags {
  const text = { type: "string" } as const;
  const { values: { short = false, help = false, ...given } } = parseArgs({
    args: [...args],
    options: {
      ...{ cases: text, depths: text, precisions: text, images: text, "training-images": text, rounds: text },
      ...{ data: text, weights: text, python: text, out: text },
      short: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const path = (value: string | undefined) => (value === undefined ? null : resolve(value));
  const [data, weights] = [path(given.data), path(given.weights)];
  const all = caseNames.filter((name) => name !== "whole-run" || (data && weights));
  const values = {
    ...{ cases: all.join(), depths: depths.join(), precisions: precisions.join() },
    ...{
      images: "256",
      "training-images": "128",
      rounds: "7",
      out: join(projectRoot, "outputs", "bench.json"),
    },
    ...short && shortDefaults,
    ...given,
  };
  const cases = namesOf("cases", values.cases, caseNames);
  if (cases.includes("whole-run") && !(data && weights)) {
    throw new RangeError("The case whole-run needs --data and --weights. Received: not both");
  }
  return {
    ...{ help, short, cases, data, weights, python: given.python ?? null, out: resolve(values.out) },
    depths: namesOf("depths", values.depths, depths),
    precisions: namesOf("precisions", values.precisions, precisions),
    images: count("images", values.images),
    trainingImages: count("training-images", values["training-images"], 32),
    rounds: count("rounds", values.rounds),
  };
}

function namesOf<Name extends string>(flag: string, text: string, names: readonly Name[]): Name[] {
  return text.split(",").map((given) => {
    const name = names.find((each) => each === given.trim());
    if (name) return name;
    throw new RangeError(`--${flag} takes names out of ${names.join(", ")}. Received: ${given}`);
  });
}

function count(flag: string, text: string, of = 1): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value % of === 0) return value;
  const expected = of === 1 ? "a whole number of at least 1" : `a multiple of ${of}`;
  throw new RangeError(`--${flag} is ${expected}. Received: ${text}`);
}

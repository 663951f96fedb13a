/** The benchmark's flags. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../../lib/support/project.ts";
import { type Depth, depths } from "../../lib/recipe.ts";

export const caseNames = [
  "decode",
  "augmentation",
  "features",
  "training",
  "evaluation",
  "comparison",
] as const;

export const help = `deno task bench [flags]

Measures this project's speed beside what a user would pick instead, stage by stage: the same
inputs, in turns, in one run on this machine. First it checks that all give the same results.

  --cases LIST           out of ${caseNames.join(", ")}
                         (default: all)
  --depths LIST          of training, out of ${depths.join(", ")}
                         (default: all)
  --images N             images in a pass of decode, augmentation and features (default: 256)
  --training-images N    images in a pass of training, a multiple of 32 (default: 128)
  --rounds N             rounds (default: 7)
  --data FOLDER          HAM10000 (default: noise images)
  --weights FILE         Keras' VGG16 weights (default: seeded random ones)
  --python FILE          an interpreter with the packages of tests/bench/requirements.txt
                         (default: one is set up in data/bench-venv)
  --quick                also measure a whole quick run (needs --data and --weights; some minutes)
  --out FILE             where the numbers go (default: outputs/bench.json)
  --help                 this page

Exit codes: 0 every target is met; 1 one is missed.
`;

export interface Flags {
  readonly help: boolean;
  readonly cases: readonly (typeof caseNames)[number][];
  readonly depths: readonly Depth[];
  readonly images: number;
  readonly trainingImages: number;
  readonly rounds: number;
  readonly data: string | null;
  readonly weights: string | null;
  readonly python: string | null;
  readonly quick: boolean;
  readonly out: string;
}

/** @throws {RangeError} with the flag, what was expected and what came */
export function readFlags(args: readonly string[]): Flags {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      cases: { ...text, default: caseNames.join() },
      depths: { ...text, default: depths.join() },
      images: { ...text, default: "256" },
      "training-images": { ...text, default: "128" },
      rounds: { ...text, default: "7" },
      out: { ...text, default: join(projectRoot, "outputs", "bench.json") },
      ...{ data: text, weights: text, python: text },
      quick: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { python = null, help, quick } = values;
  const path = (value: string | undefined) => (value === undefined ? null : resolve(value));
  const [data, weights] = [path(values.data), path(values.weights)];
  if (quick && !(data && weights && values.cases.split(",").includes("features"))) {
    throw new RangeError("--quick needs --data, --weights and the case features. Received: not all three");
  }
  return {
    ...{ data, weights, python, help, quick, out: resolve(values.out) },
    cases: namesOf("cases", values.cases, caseNames),
    depths: namesOf("depths", values.depths, depths),
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

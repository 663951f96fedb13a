/** The command line of `deno task reproduce`. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type ConfigOptions, type Preset } from "../config.ts";
import type { Depth } from "../recipe.ts";
import { readConfigFile } from "./config_file.ts";
import { parseColumns } from "../columns.ts";

export interface ReproduceOptions {
  readonly config: ConfigOptions;
  /** Notebooks to run, by number or name; null: all. */
  readonly only: string[] | null;
  /** The first notebook to run; null: the first of all. */
  readonly from: string | null;
  readonly fresh: boolean;
  /** What one cell may take before it is stopped; null: what fits the configuration. */
  readonly timeoutSeconds: number | null;
  readonly dryRun: boolean;
  readonly help: boolean;
}

export const usage = `deno task reproduce [flags]

Runs the notebooks in order through the Deno kernel and writes results, figures and executed notebooks.

  --preset NAME    quick: real images, VGG16 frozen, as written (default where images are found)
                   write-up: the same, and the recipe that reaches the published number: an hour
                   smoke: drawn stand-in images, about two minutes (default where none are)
  --depth NAME     train convolutions too, from this block on: block5, block4, …, block1 (default: head, none)
  --data FOLDER    HAM10000_metadata.csv and the image folders (default: data/)
  --metadata FILE  the table of the photos (default: HAM10000_metadata.csv in the data folder)
  --columns LIST   another table's names of HAM10000's columns: image_id=image,dx=diagnosis,lesion_id=patient
  --classes LIST   another table's diagnoses, in label order (default: with --columns, those that it has)
  --skip-damaged   leave out photos that cannot be decoded, and say so on every page (default: stop and list them)
  --weights FILE   VGG16 without top, Keras' HDF5 file (default: looked for in data/, else downloaded for photos);
                   none: seeded random ones
  --seed N         what every random choice starts from (default: 0)
  --out FOLDER     where results go (default: outputs/<preset>)
  --config FILE    JSON with any fields of Config in lib/config.ts, as { "epochs": 3 }; flags win over it
  --tensorboard    write TensorBoard's logs of such a training, in trainings/ of the results
  --only LIST      run these notebooks alone, by number: 04 or 03,05; 06 runs in no other way
  --from NUMBER    run this notebook and all after it
  --fresh          forget what is stored and compute everything again
  --timeout N      minutes that one cell may take before it is stopped (default: 60, with convolutions to train a day)
  --dry-run        say what would run, what is stored already, the time and the disk it takes; run nothing
  --help           this page
`;

/** @throws {RangeError} for a flag or value that cannot be, with what was expected */
export function parseReproduceOptions(args: string[]): ReproduceOptions {
  const { values } = parseOrTeach(args);
  const path = (value: string | undefined) => (value === undefined ? undefined : resolve(value));
  const seed = values.seed === undefined ? undefined : Number(values.seed.trim() === "" ? NaN : values.seed);
  if (values.only !== undefined && values.from !== undefined) {
    throw new RangeError("--only and --from exclude each other. Received: both");
  }
  const minutes = values.timeout === undefined ? null : Number(values.timeout);
  if (minutes !== null && !(minutes > 0 && minutes <= 10_000)) {
    throw new RangeError(`--timeout is a number of minutes, more than 0. Received: ${values.timeout}`);
  }
  const flags: ConfigOptions = {
    preset: values.preset as Preset | undefined,
    data: path(values.data),
    metadata: path(values.metadata),
    columns: values.columns === undefined ? undefined : parseColumns(values.columns),
    classes: values.classes === undefined ? undefined : parseList(values.classes),
    skipDamaged: values["skip-damaged"],
    weights: values.weights === "none" ? null : path(values.weights),
    seed,
    out: path(values.out),
    depth: values.depth as Depth | undefined,
    tensorBoard: values.tensorboard,
  };
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return {
    config: { ...(values.config === undefined ? {} : readConfigFile(resolve(values.config))), ...given },
    only: values.only === undefined ? null : parseList(values.only),
    from: values.from ?? null,
    fresh: values.fresh ?? false,
    timeoutSeconds: minutes === null ? null : 60 * minutes,
    dryRun: values["dry-run"] ?? false,
    help: values.help ?? false,
  };
}

/** The notebooks that the flags select, in order. @param further those that are run only if they are named */
export function selectNotebooks(
  main: readonly string[],
  options: Pick<ReproduceOptions, "only" | "from">,
  further: readonly string[] = [],
): string[] {
  const names = options.only ? [...main, ...further] : main;
  const find = (wanted: string) => {
    const found = names.find((name) => name === wanted || Number(name.slice(0, 2)) === Number(wanted));
    if (!found) {
      throw new RangeError(`No notebook is called ${JSON.stringify(wanted)}. There are: ${names.join(", ")}`);
    }
    return found;
  };
  if (options.only) {
    const wanted = options.only.map(find);
    return names.filter((name) => wanted.includes(name));
  }
  return options.from ? names.slice(names.indexOf(find(options.from))) : [...names];
}

function parseOrTeach(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args,
      options: {
        preset: text,
        depth: text,
        tensorboard: flag,
        data: text,
        metadata: text,
        columns: text,
        classes: text,
        "skip-damaged": flag,
        weights: text,
        seed: text,
        out: text,
        config: text,
        only: text,
        from: text,
        fresh: flag,
        timeout: text,
        "dry-run": flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new RangeError(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}

/** `a, b,c` → ["a", "b", "c"]. */
function parseList(text: string): string[] {
  return text.split(",").map((item) => item.trim());
}

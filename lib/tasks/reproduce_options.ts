/** Parses the command line of `deno task reproduce`, and the file that `--config` names. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type ConfigOptions, createConfig, type Precision, type Preset, type Protocol } from "../config.ts";
import type { Depth } from "../recipe.ts";
import { engineNames } from "../support/engine/engine_choice.ts";
import { type StoredWork, storedWorkNames } from "./run_folder.ts";
import { parseColumns, parseNames } from "../columns.ts";
import { checkPaths, numberOf, parseFlags, pathForCaller } from "./caller.ts";

export const usage = `deno task reproduce [flags]

Runs the notebooks in order and writes results, figures and executed notebooks. A stopped run
continues where it stopped. Stored results that are still valid are not computed again.

What is computed
  --preset NAME    quick: real photos, VGG16 frozen, as the write-up describes it (default where
                   photos are found)
                   write-up: the same, then the recipe that reaches the published number: one to
                   about two hours
                   honest: real photos, VGG16 trained without any leak (notebook 8): about two
                   hours
                   smoke: drawn stand-in images, about a minute (default where no photos are found)
  --depth NAME     also train VGG16's convolutions from this block on: block5, block4, …, block1
                   (default: head, none)
  --precision NAME float32 (default), or bfloat16: convolutions in half the bytes, only on CPUs
                   with instructions for it. deno task bench shows which one is faster
  --protocol NAME  as-written (default): photos are augmented, then split, so the test leaks; or
                   split-first: groups of photos that belong together are split, then each part is
                   augmented. All counts are the same
  --engine NAME    the engine: auto (TensorFlow on the CPU, else WebAssembly), native, wasm, or
                   webgpu: a GPU of any maker, which \`deno task doctor\` names. Results of two
                   engines are never mixed (default: the variable HAM10000_ENGINE, or auto)
  --seed N         seed of all random choices (default: 0)
  --config FILE    JSON with any fields of Config in lib/config.ts, such as { "epochs": 3 }; flags
                   override it
  --grid FILE      JSON with lists of values for any of these fields: { "seed": [0, 1], "depth":
                   ["head", "block5"] } is four runs, each in its own folder in --out
                   (default: outputs/grid-<FILE>), and then one table of all: grid.csv,
                   grid.md and grid.html
  --tensorboard    write TensorBoard's logs of the trainings of notebooks 4 to 7 to trainings/ of
                   the results

Photos, weights and results
  --data FOLDER    HAM10000_metadata.csv and the folders of photos (default: data/)
  --metadata FILE  the table of the photos, separated by commas, semicolons, tabs or | (default:
                   HAM10000_metadata.csv in the data folder). Give the flag again for a table that
                   adds columns by image id. One-hot tables, as ISIC's, are recognised
  --columns LIST   what another table calls HAM10000's columns:
                   image_id=photo,dx=finding,lesion_id=patient (usual names, such as image,
                   isic_id and diagnosis, are known)
  --classes LIST   another table's diagnoses, in label order (default: those in the table). In both
                   lists a name with a comma stands in double quotes: 'nevus,"Melanoma, NOS"'
  --join-case      treat diagnoses that differ only in case as one class, HAM10000's if it has such
                   a code: NV is nv (default: such names stop the run)
  --skip-damaged   leave out photos that cannot be decoded, and say so on every page (default: stop
                   and list them)
  --keep-contradictions
                   continue if one photo has several diagnoses under several ids, and say so on
                   every page (default: stop and list them)
  --test FOLDER    the official test set of ISIC 2018 Task 3: its photos and the table whose name
                   holds GroundTruth (default: data/isic2018_test, if it is there; \`deno task data
                   --with test\` brings it); none: without it
  --weights FILE   VGG16 without its top, Keras' HDF5 file (default: in data/, downloaded there if
                   there are photos); none: seeded random weights
  --out FOLDER     where results go (default: outputs/<preset>; of another table
                   outputs/<table>-<preset>)

Which notebooks run
  --only LIST      only these, by number: 04 or 03,05. Notebooks 06 to 08 take long, so they run
                   only if they are named here
  --from NUMBER    this one and all after it
  --fresh          run the selected notebooks even if nothing has changed, without what they have
                   stored: 02 the decoded photos, 04 the activations, 05 the saved model. Trainings,
                   answers and studies stay
  --forget LIST    delete stored work before the run, out of
                   ${storedWorkNames.join(", ")}.
                   Trainings take minutes to hours, so they are deleted only if named here
  --timeout N      minutes that one cell may take (default: 60; 1,440 if convolutions are trained)
  --dry-run        say what would run and why, what would be deleted, how long it takes and how much
                   disk it needs; run nothing
  --help           this page

Exit codes: 0 done; 1 a notebook failed; 2 the call cannot be carried out, or the results cannot be
written; 130 stopped by Ctrl-C.
`;

/** The own flags of a task that takes those of reproduce, too. */
type OwnFlags = Record<string, { type: "string" | "boolean" }>;

/**
 * Parses the flags of reproduce.
 *
 * @param task for another task with these flags: its `own` flags, its help `page`, and whether it takes `words` without a flag
 * @throws {RangeError} for an invalid flag or value, with what was expected
 */
export function parseReproduceOptions(
  args: string[],
  { own = {}, page = usage, words = false }: { own?: OwnFlags; page?: string; words?: boolean } = {},
) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = {
    ...{ preset: text, depth: text, precision: text, protocol: text, seed: text } as const,
    ...{ config: text, grid: text } as const,
    ...{ tensorboard: flag },
    ...{ data: text, metadata: { ...text, multiple: true }, columns: text, classes: text } as const,
    ...{ "join-case": flag, "skip-damaged": flag, "keep-contradictions": flag },
    ...{ test: text, weights: text, out: text, only: text, from: text, fresh: flag, forget: text },
    ...{ engine: text, timeout: text, "dry-run": flag },
  };
  const parsed = parseFlags({ args, options: { ...own, ...options }, allowPositionals: words }, page);
  const values = parsed.values as ReturnType<
    typeof parseFlags<{ args: string[]; options: typeof options }>
  >["values"];
  checkPaths(values, "data", "metadata", "test", "weights", "out", "config", "grid");
  const path = (value: string | undefined) => (value === undefined ? undefined : resolve(value));
  const list = (value: string | undefined) => value?.split(",").map((item) => item.trim()); // "a, b" → ["a", "b"]
  if (values.only !== undefined && values.from !== undefined) {
    throw new RangeError("--only and --from exclude each other. Received: both");
  }
  const minutes = values.timeout === undefined ? null : numberOf(values.timeout);
  if (minutes !== null && !(minutes > 0 && minutes <= 10_000)) {
    throw new RangeError(
      `--timeout is a number of minutes, more than 0, at most 10,000. Received: ${values.timeout}`,
    );
  }
  const engine = engineNames.find((name) => name === values.engine);
  if (values.engine !== undefined && engine === undefined) {
    throw new RangeError(`--engine is one of ${engineNames.join(", ")}. Received: ${values.engine}`);
  }
  const forget = list(values.forget) ?? [];
  const unknown = forget.find((name) => !storedWorkNames.some((known) => known === name));
  if (unknown !== undefined) {
    throw new RangeError(`--forget takes a list from ${storedWorkNames.join(", ")}. Received: "${unknown}"`);
  }
  const flags: ConfigOptions = {
    preset: values.preset as Preset | undefined,
    data: path(values.data),
    metadata: values.metadata?.length === 1
      ? path(values.metadata[0])
      : values.metadata?.map((one) => resolve(one)),
    columns: values.columns === undefined ? undefined : parseColumns(values.columns),
    classes: values.classes === undefined ? undefined : parseNames("--classes", values.classes),
    joinCase: values["join-case"],
    skipDamaged: values["skip-damaged"],
    keepContradictions: values["keep-contradictions"],
    officialTest: values.test === "none" ? null : path(values.test),
    weights: values.weights === "none" ? null : path(values.weights),
    seed: values.seed === undefined ? undefined : numberOf(values.seed),
    out: path(values.out),
    depth: values.depth as Depth | undefined,
    precision: values.precision as Precision | undefined,
    protocol: values.protocol as Protocol | undefined,
    tensorBoard: values.tensorboard,
  };
  const file: ConfigOptions = values.config === undefined
    ? {}
    : readFields("--config", resolve(values.config));
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return {
    config: { ...file, ...given },
    /** The file of a grid of runs; null: one run. */
    grid: values.grid === undefined ? null : resolve(values.grid),
    /** The engine; null: the one that HAM10000_ENGINE names. */
    engine: engine ?? null,
    /** Notebooks to run, by number or name; null: the main ones. */
    only: list(values.only) ?? null,
    /** The first notebook to run; null: the first of all. */
    from: values.from ?? null,
    fresh: values.fresh ?? false,
    forget: forget as StoredWork[],
    /** Seconds after which a cell is stopped; null: what fits the configuration. */
    timeoutSeconds: minutes === null ? null : 60 * minutes,
    dryRun: values["dry-run"] ?? false,
    /** The other task's flags as given, and its arguments without a flag. */
    own: parsed.values as Record<string, string | boolean | undefined>,
    words: parsed.positionals,
  };
}

const paths = ["data", "metadata", "officialTest", "weights", "out"];

/**
 * Reads fields of `Config` (lib/config.ts) from one JSON object, such as `{ "epochs": 3 }`. Values can be of any kind; `createConfig`
 * checks them, and fields that are left out follow from the preset. Paths become absolute: relative ones start at the file's folder.
 *
 * @throws {RangeError} if the file cannot be read or parsed, or has a field that `Config` does not have
 */
export function readFields(flag: string, path: string): Record<string, unknown> {
  const where = `${flag} ${pathForCaller(path)}`;
  let options: unknown;
  try {
    options = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new RangeError(`${where}: expected a JSON file. Received: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new RangeError(`${where}: expected one JSON object. Received: ${JSON.stringify(options)}`);
  }
  const known = Object.keys(createConfig({ preset: "smoke" }));
  const unknown = Object.keys(options).find((field) => !known.includes(field));
  if (unknown !== undefined) {
    throw new RangeError(
      `${where}: expected fields out of ${known.join(", ")}. Received: ${JSON.stringify(unknown)}`,
    );
  }
  const absolute = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(absolute)
      : typeof value === "string"
      ? resolve(dirname(path), value)
      : value;
  return Object.fromEntries(
    Object.entries(options).map(([field, value]) => [field, paths.includes(field) ? absolute(value) : value]),
  );
}

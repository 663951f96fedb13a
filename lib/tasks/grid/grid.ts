/** `--grid FILE`: lists of values for fields of the configuration. Each combination is a run with a folder of its own. */
import { existsSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { type Config, type ConfigOptions, createConfig, storeFolder } from "../../config.ts";
import { projectRoot } from "../../support/project.ts";
import { pathForCaller } from "../caller.ts";
import { readFields } from "../reproduce_options.ts";

/** One run of a grid. A call without a grid has a single run, without a name. */
export interface GridRun {
  /** Name of its folder, for example `seed-0_depth-block5`. */
  readonly name: string;
  /** The fields in which the grid's runs differ. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly options: ConfigOptions;
  readonly config: Config;
}

export interface Grid {
  /** The folder that holds the runs' folders and the table of all runs; null without a grid. */
  readonly folder: string | null;
  readonly runs: readonly GridRun[];
}

/** The most runs of a grid: more are probably a typing error. */
const mostRuns = 1000;

/** @throws {RangeError} if the default folder, named after the table's file, holds results of another table with that file name */
function checkUsualFolder({ out, metadata }: Config): void {
  if (metadata === null) return;
  let stored: Partial<Config> | undefined;
  try {
    stored = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
  } catch {
    return; // no run, or a damaged one, which is reported elsewhere
  }
  const [own, other] = [metadata, stored?.metadata ?? null].map((one) => [one ?? []].flat());
  if (`${own}` === `${other}`) return;
  throw new RangeError(
    `${pathForCaller(out)} holds results of another table: ${
      other.map(pathForCaller).join(", ")
    }. Name another folder with --out, ` +
      `or that one, to write over them. Received: --metadata ${own.map(pathForCaller).join(", ")}`,
  );
}

/** @throws {RangeError} as `createConfig`, and if the recipe ends at the head: it would look like notebook 4's frozen one */
function configOf(options: ConfigOptions): Config {
  const config = createConfig(options);
  if (options.out === undefined) checkUsualFolder(config);
  if (config.recipe.at(-1)?.depth !== "head") return config;
  throw new RangeError(
    "Configuration: recipe must end deeper than head. Notebook 4 compares trainings of the softmax: learningRate, epochs, " +
      "batchSize and optimizers say how it is trained. Received: a last stage of depth head",
  );
}

/**
 * The runs of a call: all combinations of a grid's values, in the file's order. The last field changes fastest.
 *
 * @param given the options from flags and `--config`, for all runs
 * @throws {RangeError} if the file is no grid, or a run's configuration is invalid: the message names the run
 */
export function readGrid(file: string | null, given: ConfigOptions): Grid {
  if (file === null) {
    return { folder: null, runs: [{ name: "", values: {}, options: given, config: configOf(given) }] };
  }
  const fields = Object.entries(readFields("--grid", file));
  for (const [field, values] of fields) {
    if (field !== "out" && Array.isArray(values) && values.length > 0) continue;
    throw new RangeError(
      `--grid ${
        pathForCaller(file)
      }: expected a list of values for each field, as { "seed": [0, 1] }, and no out. Received: ` +
        `${field}: ${JSON.stringify(values)}`,
    );
  }
  const lists = fields as [string, unknown[]][];
  const count = lists.reduce((product, [, values]) => product * values.length, 1);
  if (lists.length === 0 || count > mostRuns) {
    throw new RangeError(
      `--grid ${pathForCaller(file)}: expected 1 to ${mostRuns} runs. Received: ${lists.length && count}`,
    );
  }
  const folder = given.out ?? `${projectRoot}outputs/grid-${basename(file, extname(file))}`;
  const combinations = lists.reduce<Record<string, unknown>[]>(
    (before, [field, values]) => before.flatMap((one) => values.map((value) => ({ ...one, [field]: value }))),
    [{}],
  );
  const runs = combinations.map((values): GridRun => {
    const name = lists.map(([field, list]) => `${field}-${nameOf(values[field], list)}`).join("_");
    const options = { ...given, ...values, out: join(folder, name) };
    try {
      return { name, values, options, config: configOf(options) };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new RangeError(`--grid ${pathForCaller(file)}, the run ${name}: ${error.message}`, {
        cause: error,
      });
    }
  });
  const twice = runs.find(({ name }, place) => runs.findIndex((run) => run.name === name) !== place);
  if (twice) {
    throw new RangeError(
      `--grid ${pathForCaller(file)}: a value stands twice in a list. Received: ${twice.name}`,
    );
  }
  return { folder, runs };
}

/** A value in a run's name: words, numbers and booleans as they are, all else as its position in the list, from 1. */
function nameOf(value: unknown, list: readonly unknown[]): string {
  const text = ["string", "number", "boolean"].includes(typeof value) ? String(value) : "";
  return /^[\w.-]{1,40}$/.test(text) ? text : String(list.indexOf(value) + 1);
}

/**
 * Links a run's store to the one that all runs of its grid share, so that work that several runs need is done once. If links cannot be
 * made, or the run already has a store of its own, it is not shared.
 *
 * @returns whether the store is shared; also true without a grid
 */
export async function shareStore({ folder }: Grid, { config }: Pick<GridRun, "config">): Promise<boolean> {
  if (folder === null) return true;
  const [own, shared] = [storeFolder(config), join(folder, "store")];
  await Deno.mkdir(shared, { recursive: true });
  await Deno.mkdir(config.out, { recursive: true });
  if (!existsSync(own)) {
    await Deno.symlink(join("..", "store"), own, { type: "dir" }).catch(() => {}); // another process has made it, or links are impossible
  }
  return await Deno.realPath(own).catch(() => own) === await Deno.realPath(shared);
}

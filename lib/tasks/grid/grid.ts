/** `--grid FILE`: lists of values for fields of the configuration; each combination is a run with a folder of its own. */
import { existsSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { type Config, type ConfigOptions, createConfig, storeFolder } from "../../config.ts";
import { projectRoot } from "../../support/project.ts";
import { pathForCaller } from "../caller.ts";
import { readFields } from "../reproduce_options.ts";

/** One run of a grid; a call without a grid has one, without a name. */
export interface GridRun {
  /** Of its folder: `seed-0_depth-block5`. */
  readonly name: string;
  /** The fields in which the grid's runs differ. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly options: ConfigOptions;
  readonly config: Config;
}

export interface Grid {
  /** Where the runs' folders and the table of all are; null where there is one run without a grid. */
  readonly folder: string | null;
  readonly runs: readonly GridRun[];
}

/** Runs that are more than this are a slip of the pen. */
const mostRuns = 1000;

/** @throws {RangeError} where the folder that a table's file name leads to holds the results of another table of that name */
function checkUsualFolder({ out, metadata }: Config): void {
  if (metadata === null) return;
  let stored: Partial<Config> | undefined;
  try {
    stored = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
  } catch {
    return; // no run, or one that its own messages tell of
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

/** @throws {RangeError} as `createConfig`, and for a recipe of a second frozen network: nobody could tell the two apart */
function configOf(options: ConfigOptions): Config {
  const config = createConfig(options);
  if (options.out === undefined) checkUsualFolder(config);
  if (config.recipe.at(-1)?.depth !== "head") return config;
  throw new RangeError(
    "Configuration: recipe must end deeper than head. The softmax alone is what notebook 4 compares: learningRate, epochs, " +
      "batchSize and optimizers say how it is trained. Received: a last stage of depth head",
  );
}

/**
 * The runs of a call: all combinations of a grid's values, in the file's order, the last field changing first.
 *
 * @param given what flags and `--config` say of all runs
 * @throws {RangeError} for a file that is no grid, or a run that cannot be: it names the run
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

/** Words, numbers and switches are their own names; all else is told by its place in the list, from 1. */
function nameOf(value: unknown, list: readonly unknown[]): string {
  const text = ["string", "number", "boolean"].includes(typeof value) ? String(value) : "";
  return /^[\w.-]{1,40}$/.test(text) ? text : String(list.indexOf(value) + 1);
}

/**
 * Gives a run of a grid the store that all its runs share, by a link, so that what two of them need is computed once. Where links cannot
 * be made, or the run has a store of its own already, it keeps that.
 *
 * @returns whether it is shared; true too for the one run of a call without a grid
 */
export async function shareStore({ folder }: Grid, { config }: Pick<GridRun, "config">): Promise<boolean> {
  if (folder === null) return true;
  const [own, shared] = [storeFolder(config), join(folder, "store")];
  await Deno.mkdir(shared, { recursive: true });
  await Deno.mkdir(config.out, { recursive: true });
  if (!existsSync(own)) {
    await Deno.symlink(join("..", "store"), own, { type: "dir" }).catch(() => {}); // made by another process, or not to be had
  }
  return await Deno.realPath(own).catch(() => own) === await Deno.realPath(shared);
}

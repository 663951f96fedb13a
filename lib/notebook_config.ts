/** The configuration of a notebook: which run it goes on with, whoever opens it. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Config, type ConfigOptions, createConfig, definedOnly } from "./config.ts";
import { normalSize } from "./image_size.ts";
import { stageOf } from "./recipe.ts";
import { writeAtomicSync } from "./support/atomic.ts";
import { projectRoot } from "./support/project.ts";
import { jsonText } from "./support/json.ts";

/**
 * What a notebook's first cell may set; null stands for what is not set. Weights of "none": seeded random ones; an official test
 * set of "none": without one.
 */
export type Parameters = { [K in keyof ConfigOptions]?: ConfigOptions[K] | null };

/**
 * The configuration of a notebook. It goes on with the run in a folder: the one that `out` names; else the usual one of the preset or
 * the data that are given; else that of the last run of `deno task reproduce` (or what the file that HAM10000_CONFIG names says).
 * What the parameters do not set is that run's. Where the folder holds no run yet, this one begins there, and is noted in it.
 *
 * So a notebook never writes over another run's results.
 *
 * @param parameters relative paths start at the notebook's folder
 * @throws {RangeError} as `createConfig`; where the folder holds a run that differs in what is given
 */
export function configure(parameters: Parameters = {}): Config {
  const given = withWholePaths(definedOnly(parameters as ConfigOptions));
  if (parameters.weights === "none") given.weights = null;
  if (parameters.officialTest === "none") given.officialTest = null;
  const named = Deno.env.get("HAM10000_CONFIG");
  const isOfOther = given.preset !== undefined || given.data !== undefined || given.metadata !== undefined;
  const base = isOfOther ? {} : readOptions(named ?? latestRun) ?? {};
  const out = given.out ?? base.out ?? createConfig({ ...base, ...given }).out;
  const path = join(out, "config.json");
  const stored = readOptions(path);
  if (stored) {
    const run = createConfig({ ...stored, out });
    checkSameRun(run, named === undefined ? given : { ...base, ...given });
    return given.tensorBoard === undefined ? run : createConfig({ ...run, tensorBoard: given.tensorBoard });
  }
  if (given.depth || given.recipe) [delete base.depth, delete base.recipe];
  const config = createConfig({ ...base, ...given, out });
  writeAtomicSync(path, new TextEncoder().encode(jsonText(config)));
  return config;
}

/** Where `deno task reproduce` leaves the configuration of its last run, for notebooks that are opened afterwards. */
export const latestRun = `${projectRoot}outputs/latest.json`;

/** What a configuration's file says; null where there is none. */
function readOptions(path: string): ConfigOptions | null {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new RangeError(
      `${path}: expected a run's configuration. Remove the file if the run is to begin anew. Received: ${
        (error as Error).message
      }`,
      { cause: error },
    );
  }
}

function withWholePaths(options: ConfigOptions): ConfigOptions {
  const places = (["data", "metadata", "weights", "officialTest", "out"] as const)
    .flatMap((name) => {
      const value = options[name];
      if (!value) return [];
      return [[name, typeof value === "string" ? resolve(value) : value.map((path) => resolve(path))]];
    });
  return { ...options, ...Object.fromEntries(places) };
}

/** @throws {RangeError} where the wanted values, in any form in which they may be given, are not the run's */
function checkSameRun(run: Config, { out: _out, tensorBoard: _, ...wanted }: ConfigOptions): void {
  const normal: Partial<Config> = {
    ...wanted as Partial<Config>,
    ...wanted.size !== undefined && { size: normalSize(wanted.size) },
    ...wanted.recipe && { recipe: wanted.recipe.map(stageOf) },
  };
  const other = (Object.keys(normal) as (keyof Config)[])
    .filter((name) => !isDeepStrictEqual(normal[name] ?? null, run[name] ?? null));
  if (other.length === 0) return;
  const values = (config: Partial<Config>) =>
    other.map((name) => `${name} ${JSON.stringify(config[name] ?? null)}`).join(", ");
  throw new RangeError(
    `${run.out} holds a run with ${
      values(run)
    }. To go on with that run, leave that out or null; for a run of its own, set out to ` +
      `another folder, such as "../outputs/mine". Received: ${values(normal)}`,
  );
}

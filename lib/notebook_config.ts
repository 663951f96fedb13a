/** The configuration of a notebook, which continues a run or begins one. */
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
 * What a notebook's first cell may set; null means not set. `weights: "none"` means seeded random weights; `officialTest: "none"`
 * means no official test set.
 */
export type Parameters = { [K in keyof ConfigOptions]?: ConfigOptions[K] | null };

/**
 * Returns a notebook's configuration: that of the run in its folder. The folder is `out`, else the default of the given preset or
 * data, else that of the last `deno task reproduce` (or of the file that HAM10000_CONFIG names). Parameters that are not set are
 * taken from that run. If the folder holds no run, a new one begins there, and its configuration is saved as `config.json`.
 *
 * So a notebook never overwrites another run's results.
 *
 * @param parameters relative paths start at the notebook's folder
 * @throws {RangeError} as `createConfig`, or if the folder's run differs from the given parameters
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

/** File in which `deno task reproduce` leaves the configuration of its last run, for notebooks that are opened afterwards. */
export const latestRun = `${projectRoot}outputs/latest.json`;

/** The options in a configuration file; null if there is no file. @throws {RangeError} if it is not JSON */
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

/** @throws {RangeError} if a wanted value differs from the run's; sizes and recipes may be given in any form */
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
    }. To continue that run, leave these parameters out. To start a new run, set out to ` +
      `another folder, such as "../outputs/mine". Received: ${values(normal)}`,
  );
}

/** The project's notebooks: their order, selection for a run, folders of results, and parameters. */
import { join } from "node:path";
import type { Config, ConfigOptions, Preset } from "../config.ts";
import { honestModelFolder } from "../experiment/honest/choice.ts";
import type { Notebook } from "../support/notebook/ipynb.ts";
import { isParametersCell, parametersCell, withParameters } from "../support/notebook/parameters.ts";
import { projectRoot } from "../support/project.ts";
import { numberOf } from "./caller.ts";

/** The notebooks that follow the write-up, in order. */
export const mainNotebooks = [
  "01_eda",
  "02_augmentation",
  "03_split",
  "04_optimizer_comparison",
  "05_final_evaluation",
] as const;

/** Continues where the write-up ends. */
export const studiesNotebook = "06_future_work";

/** Measures what each kind of leak adds to the accuracy. */
export const leakageNotebook = "07_leakage";

/** Trains VGG16 without a leak. */
export const honestNotebook = "08_honest_model";

/** These train for a long time, so each runs only if it is named. The last one also runs with the preset `honest`. */
export const furtherNotebooks: readonly string[] = [studiesNotebook, leakageNotebook, honestNotebook];

/** The notebook that tests the write-up's networks on the test set. */
export const testNotebook = "05_final_evaluation";

/** The notebooks that read the official test set. */
export const officialNotebooks: readonly string[] = [testNotebook, leakageNotebook, honestNotebook];

/** Folders in a run's folder that belong to a notebook, even if it reused their files unchanged. */
export const ownedFolders: Readonly<Record<string, readonly string[]>> = {
  "04_optimizer_comparison": ["trainings"],
  [testNotebook]: ["model"],
  [studiesNotebook]: ["studies"],
  [leakageNotebook]: ["leak_free"],
  [honestNotebook]: ["honest", honestModelFolder],
};

/**
 * The notebooks that `--only` (numbers or names) or `--from` selects, in their own order. Without either: the main ones, or the
 * preset's own.
 *
 * @throws {RangeError} for a notebook that does not exist, or for `--from` with one that is not among the main ones
 */
export function selectNotebooks(
  { only, from, preset }: { only: string[] | null; from: string | null; preset?: Preset },
): string[] {
  if (preset === "honest" && only === null && from === null) return [honestNotebook];
  const names: string[] = only ? [...mainNotebooks, ...furtherNotebooks] : [...mainNotebooks];
  const find = (wanted: string) => {
    const found = names.find((name) => name === wanted || Number(name.slice(0, 2)) === numberOf(wanted));
    if (found) return found;
    throw new RangeError(`No notebook is called ${JSON.stringify(wanted)}. There are: ${names.join(", ")}`);
  };
  if (only) {
    const wanted = only.map(find);
    return names.filter((name) => wanted.includes(name));
  }
  return names.slice(from === null ? 0 : names.indexOf(find(from)));
}

export const sourceFolder = join(projectRoot, "notebooks");

export function sourcePath(name: string): string {
  return join(sourceFolder, `${name}.ipynb`);
}

/** A copy whose parameters cell sets this configuration: opened alone, it continues this run. @param options from the call */
export function withRunParameters(notebook: Notebook, config: Config, options: ConfigOptions): Notebook {
  const { preset, data, weights, officialTest, out } = config;
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
  const places = { data, weights: weights ?? "none", officialTest: officialTest ?? "none", out };
  const parameters = { ...Object.fromEntries(given), preset, ...places };
  const source = "// Set by deno task reproduce: this copy goes on with its run.\n" +
    `const parameters = ${JSON.stringify(parameters, null, 2)};`;
  return withParameters(notebook, source);
}

/**
 * A copy with the parameters cell of its source, because a run's own cell names folders of this machine. Unchanged if either has no
 * such cell.
 */
export function withSourceParameters(executed: Notebook, source: Notebook): Notebook {
  const isTagged = ({ cells }: Notebook) => cells.some(isParametersCell);
  if (!isTagged(executed) || !isTagged(source)) return executed;
  return withParameters(executed, parametersCell(source).source);
}

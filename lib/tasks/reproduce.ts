/** `deno task reproduce`: runs the notebooks in order through the Deno kernel; see `usage` for the flags. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeAtomic } from "../support/atomic.ts";
import { type Config, type ConfigOptions, createConfig } from "../config.ts";
import { projectRoot } from "../support/project.ts";
import { sha256 } from "../support/digest.ts";
import { percent } from "../support/format.ts";
import { shownPath } from "../experiment/source.ts";
import { packageVersions } from "../experiment/versions.ts";
import { executeNotebook, ExecutionError } from "../support/notebook/execute.ts";
import { type Notebook, readNotebook, serializeNotebook } from "../support/notebook/ipynb.ts";
import { type NotebookLine, notebookLine } from "../support/terminal_line.ts";
import { isStorageFault, storageAdvice, StorageError } from "../support/storage_error.ts";
import { earlierTraining } from "./earlier_training.ts";
import { estimateCost } from "./estimate.ts";
import { forget } from "./forget.ts";
import { endOnRequest } from "./interruption.ts";
import { removeLeftOvers } from "./left_overs.ts";
import { lockRun } from "./lock.ts";
import {
  furtherNotebooks,
  mainNotebooks,
  ownedFolders,
  type PlannedNotebook,
  planNotebooks,
} from "./plan.ts";
import { parseReproduceOptions, selectNotebooks, usage } from "./reproduce_options.ts";
import { filesWrittenSince, readRunRecord, type RunRecord, writeRunRecord } from "./run_record.ts";
import { bringWeights, setUp } from "./set_up.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));

/** How far this process is, for whoever stops it. */
interface Stand {
  /** Notebooks that need not run again. */
  kept: string[];
  /** The one that runs. */
  current: string | null;
  line: NotebookLine | null;
  /** What one cell may take. */
  readonly timeoutSeconds: number;
}

/** Returns the exit code: 0 done, 1 a notebook failed, 2 the call cannot be carried out as given or its folder not written. */
async function main(args: string[]): Promise<number> {
  try {
    const options = parseReproduceOptions(args);
    if (options.help) {
      console.log(usage);
      return 0;
    }
    const names = selectNotebooks(mainNotebooks, options, furtherNotebooks);
    for (const name of names) await readNotebook(join(projectRoot, "notebooks", `${name}.ipynb`));
    let config = createConfig(options.config);
    const isLong = config.recipe.length > 0 || names.some((name) => name === furtherNotebooks[0]);
    const timeoutSeconds = options.timeoutSeconds ?? (isLong ? 86_400 : 3600);
    const stand: Stand = { kept: [], current: null, line: null, timeoutSeconds };
    endOnRequest(() => farewell(config, stand));
    if (!options.dryRun) config = await withWeights(config, options.config);
    introduce(config);
    if (options.dryRun) return await dryRun(config, names, options.fresh);
    using _lock = await lockRun(config);
    await removeLeftOvers(config.out);
    if (options.fresh) await forget(config, names);
    const code = await run(config, names, stand);
    await removeLeftOvers(config.out); // a kernel may have been killed since
    return code;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isStorage = isStorageFault(error.name, error.message);
    const isAboutTheCall = [RangeError, SyntaxError, Deno.errors.PermissionDenied].some((kind) =>
      error instanceof kind
    );
    if (!isStorage && !isAboutTheCall) throw error;
    const isAdvised = !isStorage || error instanceof StorageError;
    console.error(isAdvised ? error.message : `${error.message}. ${storageAdvice(error.message)}`);
    return 2;
  }
}

/** The configuration; weights that photos need and nobody gave are downloaded, if that is possible. */
async function withWeights(config: Config, options: ConfigOptions): Promise<Config> {
  const isWanted = config.weights === null && options.weights === undefined;
  if (!isWanted || config.data === null || !existsSync(config.data)) return config;
  if (await bringWeights()) return createConfig(options);
  console.warn(
    "Without ImageNet's weights the network starts from seeded random ones, and every result says so.\n",
  );
  return config;
}

/** What is kept and how to go on, for a run that is stopped. */
function farewell(config: Config, { kept, current, line }: Stand): string {
  line?.[Symbol.dispose]();
  const parts = [
    ...(kept.length > 0 ? [kept.join(", ")] : []),
    ...(current
      ? [`of ${current} whatever is computed (images, activations, trained networks to the last checkpoint)`]
      : []),
  ];
  return `\nStopped.${parts.length > 0 ? ` Kept in ${shownPath(config.out)}: ${parts.join("; ")}.` : ""} ` +
    "The same command goes on from there.";
}

function introduce(config: Config): void {
  const data = config.data ? shownPath(config.data) : "drawn stand-in images (SYNTHETIC), no photos";
  const weights = config.weights ? shownPath(config.weights) : "seeded random, no ImageNet file was found";
  console.log(`preset   ${config.preset}, seed ${config.seed}`);
  console.log(`data     ${data}`);
  console.log(`weights  ${weights}`);
  console.log(`results  ${shownPath(config.out)}\n`);
}

/** Says for each notebook whether it would run and why, and what the run costs. */
async function dryRun(config: Config, names: string[], fresh: boolean): Promise<number> {
  const plan = await planNotebooks(config, names, fresh ? { notebooks: {} } : await readRunRecord(config));
  for (const { name, reason } of plan) {
    console.log(`${name.padEnd(24)} ${reason ? `runs: ${reason}` : "stored already, nothing changed"}`);
  }
  const todo = plan.filter(({ reason }) => reason !== null).map(({ name }) => name);
  console.log(`\n${(await estimateCost(config, todo, { fresh })).join("\n")}`);
  return 0;
}

async function run(config: Config, names: string[], stand: Stand): Promise<number> {
  await setUp();
  const record = await readRunRecord(config);
  const plan = await planNotebooks(config, names, record);
  const todo = plan.filter((notebook) => notebook.reason !== null);
  for (const { name } of plan.filter((notebook) => notebook.reason === null)) {
    console.log(`${name.padEnd(24)} reused, nothing changed`);
    stand.kept.push(name);
  }
  if (todo.length === 0) {
    console.log(`\nNothing to do: all results are in ${shownPath(config.out)}. --fresh computes them again.`);
    return 0;
  }
  const cost = await estimateCost(config, todo.map(({ name }) => name));
  console.log(`${cost.join("\n")}\n`);
  const configPath = join(config.out, "config.json");
  await writeAtomic(configPath, `${JSON.stringify(config, null, 2)}\n`);
  const timings = await readTimings(config);
  for (const [index, notebook] of todo.entries()) {
    console.log(`${notebook.name.padEnd(24)} ${notebook.reason}`);
    const started = Date.now();
    stand.current = notebook.name;
    delete record.notebooks[notebook.name];
    for (const name of notebook.damaged) await Deno.remove(join(config.out, name)).catch(() => {});
    try {
      await runNotebook(configPath, notebook, { index, count: todo.length }, stand);
    } catch (error) {
      if (!(error instanceof ExecutionError)) throw error;
      console.error(`\n${error.message}\n\nRendered up to there: ${shownPath(notebook.executed)}`);
      if (error.ename === "CellTimeout") console.error("--timeout N gives each cell N minutes.");
      if (!isStorageFault(error.ename, error.evalue)) return 1;
      if (error.ename !== "StorageError") console.error(storageAdvice(error.evalue));
      return 2;
    }
    timings[notebook.name] = (Date.now() - started) / 1000;
    if (config.recipe.length > 0 && notebook.name.startsWith("04")) { // where it is trained
      timings.earlierTraining = await earlierTraining(config, { started, seconds: timings[notebook.name] });
    }
    await keep(config, record, notebook, started);
    await writeAtomic(join(config.out, "timings.json"), `${JSON.stringify(timings, null, 2)}\n`);
    stand.kept.push(notebook.name);
    stand.current = null;
    console.log(`${notebook.name.padEnd(24)} done in ${timings[notebook.name].toFixed(1)} s`);
  }
  await report(config);
  return 0;
}

/** Executes one notebook; after each cell the copy in the run's folder holds what was rendered so far. */
async function runNotebook(
  configPath: string,
  notebook: PlannedNotebook,
  place: { index: number; count: number },
  stand: Stand,
): Promise<void> {
  const source = await readNotebook(notebook.path);
  using progress = notebookLine(notebook.name, place);
  stand.line = progress;
  const save = (executed: typeof source) => writeAtomic(notebook.executed, serializeNotebook(executed));
  const executed = await executeNotebook(source, {
    name: notebook.name,
    folder: dirname(notebook.path),
    env: { HAM10000_CONFIG: configPath },
    timeoutSeconds: stand.timeoutSeconds,
    onProgress: progress.update,
    onCellDone: save,
  });
  await save(executed);
  stand.line = null;
  for (const warning of warningsOf(executed)) console.warn(warning);
}

/** What cells wrote to stderr, such as damage found in what was stored. */
function warningsOf({ cells }: Notebook): string[] {
  const outputs = cells.flatMap((cell) => cell.cell_type === "code" ? cell.outputs : []);
  const lines = outputs.flatMap((output) =>
    output.output_type === "stream" && output.name === "stderr" ? output.text.split("\n") : []
  );
  return [...new Set(lines)].filter((line) => line.trim() !== "");
}

async function keep(
  config: Config,
  record: RunRecord,
  notebook: PlannedNotebook,
  since: number,
): Promise<void> {
  const executed = `notebooks/${notebook.name}.ipynb`;
  const files = {
    ...await filesWrittenSince(config, since, ownedFolders[notebook.name]),
    [executed]: sha256(await Deno.readFile(join(config.out, executed))),
  };
  record.notebooks[notebook.name] = { fingerprint: notebook.fingerprint, files };
  const results = await readJson(join(config.out, "results.json"));
  const { synthetic, engine, digests } = results ?? {};
  await writeRunRecord(config, record, { versions: packageVersions(), synthetic, engine, digests });
}

/** The result in a few lines. */
async function report(config: Config): Promise<void> {
  const results = await readJson(join(config.out, "results.json"));
  if (!results) return;
  const { runs } = results as {
    runs: { optimizer: string; depth: string; test: { accuracy: number; n: number } }[];
  };
  const chosen = runs.find((run) => run.depth === "head" && run.optimizer === results.chosen)!;
  const trained = runs.find(({ depth }) => depth !== "head");
  console.log(
    `\n${results.synthetic ? "SYNTHETIC stand-in data: these numbers say nothing about skin.\n" : ""}` +
      `Test accuracy ${
        percent(chosen.test.accuracy)
      } (frozen, ${chosen.optimizer}, ${chosen.test.n} images); ` +
      (trained
        ? `${percent(trained.test.accuracy)} (trained from ${trained.depth}, ${trained.optimizer}); `
        : "") +
      `claimed ${percent(results.claimed.accuracy)}; ` +
      results.baselines.map((b: { name: string; test: { accuracy: number } }) =>
        `${b.name} ${percent(b.test.accuracy)}`
      ).join("; ") +
      `\nAll results: ${shownPath(config.out)}`,
  );
}

async function readTimings(config: Config): Promise<Record<string, number>> {
  return await readJson(join(config.out, "timings.json")) ?? {};
}

// deno-lint-ignore no-explicit-any -- JSON of our own making, read for a few fields
async function readJson(path: string): Promise<any> {
  return await Deno.readTextFile(path).then(JSON.parse).catch(() => null);
}

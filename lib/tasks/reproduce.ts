/** `deno task reproduce`: runs the notebooks in order through the Deno kernel. `usage` lists the flags. */
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Config, type ConfigOptions, storeFolder } from "../config.ts";
import { latestRun } from "../notebook_config.ts";
import { asWrittenResult, deeperResult, readResults, type Results } from "../experiment/results.ts";
import { withPicture } from "../figures/figure.ts";
import { crossoverPlan } from "../experiment/study_runs.ts";
import { percent } from "../support/format.ts";
import { packageVersions } from "../support/versions.ts";
import { writeAtomic } from "../support/atomic.ts";
import { checkBfloat16 } from "../support/engine/bfloat16.ts";
import { findAdapter, noAdapterText } from "../support/engine/adapter.ts";
import { readEngineChoice } from "../support/engine/engine_choice.ts";
import { whyNotNative } from "../support/engine/install.ts";
import { executeNotebook, ExecutionError } from "../support/notebook/execute.ts";
import { type Notebook, readNotebook, serializeNotebook } from "../support/notebook/ipynb.ts";
import { startDrawing } from "../support/plotly/render_plotly.ts";
import { type NotebookLine, notebookLine } from "../support/terminal_line.ts";
import { isStorageFault, storageAdvice, StorageError } from "../support/storage_error.ts";
import { endOnRequest, pathForCaller, runTask } from "./caller.ts";
import { costLines, estimateCost } from "./estimate.ts";
import { type Grid, type GridRun, readGrid, shareStore } from "./grid/grid.ts";
import { gridRows, gridTable, writeGridTable } from "./grid/grid_table.ts";
import {
  honestNotebook,
  leakageNotebook,
  selectNotebooks,
  sourceFolder,
  sourcePath,
  studiesNotebook,
  testNotebook,
  withRunParameters,
} from "./notebooks.ts";
import { type PlannedNotebook, planNotebooks } from "./plan.ts";
import { parseReproduceOptions, usage } from "./reproduce_options.ts";
import {
  describeForgetting,
  forget,
  type Forgetting,
  lockRun,
  removeLeftOvers,
  type StoredWork,
  withoutForgotten,
  workIn,
} from "./run_folder.ts";
import { filesOf, noteStart, readRunRecord, type RunRecord, writeRunRecord } from "./run_record.ts";
import { setUp, withWeights } from "./set_up.ts";
import { jsonText } from "../support/json.ts";

/** How far a run is, for `farewell`. */
interface Stand {
  /** Notebooks that need not run again. */
  kept: string[];
  /** The notebook that is running. */
  current: string | null;
  line: NotebookLine | null;
}

/** The call's options, and how far its run is. */
interface Call {
  readonly options: ConfigOptions;
  readonly stand: Stand;
  /** Seconds that one cell may take. */
  readonly timeoutSeconds: number;
}

/** Returns the exit code: 0 done, 1 a notebook or this program failed, 2 the call or the writing of results is not possible. */
async function reproduce(args: string[]): Promise<number> {
  try {
    const options = parseReproduceOptions(args);
    if (options.engine) Deno.env.set("HAM10000_ENGINE", options.engine); // for the kernels too
    const grid = readGrid(options.grid, options.config);
    const stand: Stand = { kept: [], current: null, line: null };
    let [running] = grid.runs;
    endOnRequest(() => farewell(running.config, stand));
    const emptied = new Set<string>();
    for (running of grid.runs) {
      if (grid.folder !== null) console.log(`── run ${running.name}`);
      stand.kept = [];
      const code = await reproduceOne(options, grid, running, { stand, emptied });
      if (code !== 0) return code;
    }
    if (grid.folder !== null && !options.dryRun) await keepGridTable({ ...grid, folder: grid.folder });
    return 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isStorage = isStorageFault(error.name, error.message);
    const isAboutTheCall = [RangeError, SyntaxError, Deno.errors.PermissionDenied]
      .some((kind) => error instanceof kind);
    if (!isStorage && !isAboutTheCall) {
      console.error(error); // a bug in this program: with its stack trace
      return 1;
    }
    const isAdvised = !isStorage || error instanceof StorageError;
    console.error(isAdvised ? error.message : `${error.message}. ${storageAdvice(error.message)}`);
    return 2;
  }
}

async function reproduceOne(
  options: ReturnType<typeof parseReproduceOptions>,
  grid: Grid,
  one: GridRun,
  /** `emptied`: stores from which earlier runs of this call have deleted the work to forget. */
  { stand, emptied }: { stand: Stand; emptied: Set<string> },
): Promise<number> {
  checkOut(one.config);
  const names = selectNotebooks({ ...options, preset: one.options.preset });
  for (const name of names) await readNotebook(sourcePath(name));
  await checkEngine(one.config, names); // before weights are downloaded
  const config = options.dryRun ? one.config : await withWeights(one.config, one.options);
  introduce(config);
  const forgetting = { notebooks: options.fresh ? names : [], work: options.forget };
  if (options.dryRun) return await dryRun(config, names, forgetting);
  using _lock = await lockRun(config);
  await shareStore(grid, { config });
  await removeLeftOvers(config.out);
  await setUp();
  await checkEngine(config, names); // the set-up may have failed
  if (config.precision === "bfloat16") await checkBfloat16();
  const store = await Deno.realPath(storeFolder(config)).catch(() => storeFolder(config));
  const now = { ...forgetting, keepsStore: emptied.has(store) };
  for (const line of await describeForgetting(config, now)) console.log(`deleting ${line}`);
  await forget(config, now);
  emptied.add(store);
  const isLong = trainsConvolutions(config, names);
  const timeoutSeconds = options.timeoutSeconds ?? (isLong ? 86_400 : 3600);
  const code = await run(config, names, { options: one.options, stand, timeoutSeconds });
  await removeLeftOvers(config.out); // a kernel may have been killed since
  return code;
}

async function keepGridTable(grid: Grid & { folder: string }): Promise<void> {
  const found = await gridRows(grid.runs);
  const files = await writeGridTable(grid, found);
  console.log(
    `\n${gridTable(found.rows).text}\nAll runs: ${
      files.map((name) => pathForCaller(join(grid.folder, name))).join(", ")
    }`,
  );
}

/** The message when a run is stopped: what is kept and how to continue. */
function farewell(config: Config, { kept, current, line }: Stand): string {
  line?.[Symbol.dispose]();
  const parts = [
    ...(kept.length > 0 ? [kept.join(", ")] : []),
    ...(current
      ? [`of ${current} what is computed so far (images, activations, trainings up to the last checkpoint)`]
      : []),
  ];
  return `\nStopped.${
    parts.length > 0 ? ` Kept in ${pathForCaller(config.out)}: ${parts.join("; ")}.` : ""
  } ` +
    "The same command continues from there.";
}

function introduce(config: Config): void {
  const data = config.data ? pathForCaller(config.data) : "drawn stand-in images (SYNTHETIC), no photos";
  const weights = config.weights
    ? pathForCaller(config.weights)
    : "seeded random, no ImageNet file was found";
  console.log(`preset   ${config.preset}, seed ${config.seed}`);
  console.log(`data     ${data}`);
  console.log(`weights  ${weights}`);
  console.log(`results  ${pathForCaller(config.out)}\n`);
}

/** @throws {RangeError} if executed notebooks would overwrite the project's own */
function checkOut({ out }: Pick<Config, "out">): void {
  const real = (path: string) => existsSync(path) ? realpathSync(path) : path;
  if (real(join(out, "notebooks")) !== real(sourceFolder)) return;
  throw new RangeError(
    "--out must not be the project's own folder: executed notebooks would overwrite its notebooks. " +
      `Expected another one, such as outputs/mine. Received: ${pathForCaller(out)}`,
  );
}

function trainsConvolutions(config: Config, names: readonly string[]): boolean {
  const trainsRecipe = names.some((name) => /^0[45]/.test(name)) &&
    config.recipe.some(({ depth }) => depth !== "head");
  const trainsDeeper = names.includes(leakageNotebook) &&
    crossoverPlan(config).some(({ recipe }) => recipe.some(({ depth }) => depth !== "head"));
  return trainsRecipe || trainsDeeper || names.includes(studiesNotebook) || names.includes(honestNotebook);
}

/** @throws {RangeError} if a chosen GPU is missing, or no engine for TensorBoard's logs or for training convolutions is available */
async function checkEngine(config: Config, names: readonly string[]): Promise<void> {
  const { engine } = readEngineChoice();
  if (engine === "webgpu" && !await findAdapter()) {
    throw new RangeError(`${noAdapterText()}. Received: webgpu`);
  }
  if (config.tensorBoard) {
    const problem = engine === "webgpu" ? "Received: webgpu." : await whyNotNative();
    if (problem !== null) {
      throw new RangeError(
        `--tensorboard needs the native TensorFlow engine, which writes its logs. ${problem}\nLeave it out: ` +
          "trainings/ has each epoch in history.jsonl, too.",
      );
    }
  }
  const problem = engine !== "webgpu" && trainsConvolutions(config, names) ? await whyNotNative() : null;
  if (problem === null) return;
  throw new RangeError(
    `Training convolutions needs the native TensorFlow engine. ${problem}\n` +
      "To train only the softmax: --depth head, and without notebooks 06 and 08.",
  );
}

/** Says for each notebook whether it would run and why, what would be deleted, and what the run costs. */
async function dryRun(config: Config, names: string[], forgetting: Forgetting): Promise<number> {
  const record = withoutForgotten(await readRunRecord(config), forgetting);
  const plan = await planNotebooks(config, names, record);
  for (const { name, reason } of plan) {
    console.log(`${name.padEnd(24)} ${reason ? `runs: ${reason}` : "stored already, nothing changed"}`);
  }
  for (const line of await describeForgetting(config, forgetting)) console.log(`would delete ${line}`);
  const todo = plan.filter(({ reason }) => reason !== null).map(({ name }) => name);
  console.log(`\n${await costText(config, todo, workIn(forgetting))}`);
  return 0;
}

async function costText(config: Config, names: string[], forgotten: StoredWork[] = []): Promise<string> {
  if (names.length === 0) return "Nothing to compute.";
  return costLines(await estimateCost(config, names, { forgotten })).join("\n");
}

async function run(config: Config, names: string[], call: Call): Promise<number> {
  const { stand } = call;
  const record = await readRunRecord(config);
  const plan = await planNotebooks(config, names, record);
  const todo = plan.filter(({ reason }) => reason !== null);
  for (const { name } of plan.filter(({ reason }) => reason === null)) {
    console.log(`${name.padEnd(24)} reused, nothing changed`);
    stand.kept.push(name);
  }
  if (todo.length === 0) {
    console.log(
      `\nNothing to do: all results are in ${pathForCaller(config.out)}. --fresh computes them again.`,
    );
    return 0;
  }
  console.log(`${await costText(config, todo.map(({ name }) => name))}\n`);
  // If HAM10000_CONFIG names a file, notebooks read that one instead.
  if (!Deno.env.has("HAM10000_CONFIG")) await writeAtomic(latestRun, jsonText(config));
  const timings = await Deno.readTextFile(join(config.out, "timings.json")).then(JSON.parse).catch(
    () => ({}),
  );
  startDrawing(); // plotly loads while the first cells run
  for (const [index, notebook] of todo.entries()) {
    const { name } = notebook;
    console.log(`${name.padEnd(24)} ${notebook.reason}`);
    const began = Date.now();
    stand.current = name;
    delete record.notebooks[name];
    for (const damaged of notebook.damaged) await Deno.remove(join(config.out, damaged)).catch(() => {});
    const start = await noteStart(config);
    try {
      using line = notebookLine(name, { index, count: todo.length });
      stand.line = line;
      const executed = await runNotebook(config, notebook, call);
      line[Symbol.dispose]();
      for (const warning of warningsOf(executed)) console.warn(warning);
    } catch (error) {
      if (!(error instanceof ExecutionError)) throw error;
      return tellFailure(error, notebook);
    }
    timings[name] = (Date.now() - began) / 1000;
    record.notebooks[name] = {
      fingerprint: notebook.fingerprint,
      files: await filesOf(config, name, start),
    };
    await keep(config, record, timings);
    stand.kept.push(name);
    stand.current = null;
    console.log(`${name.padEnd(24)} done in ${timings[name].toFixed(1)} s`);
  }
  const settings = plan[0].fingerprint.configuration;
  const isTested = record.notebooks[testNotebook]?.fingerprint.configuration === settings; // not with other settings
  const results = isTested ? await readResults(config.out) : null;
  if (results) console.log(`\n${resultText(results)}`);
  console.log(`${results ? "" : "\n"}All results: ${pathForCaller(config.out)}`);
  return 0;
}

/** Executes one notebook. After each cell the copy in the run's folder is saved with the outputs so far. */
async function runNotebook(
  config: Config,
  { name, path, executed: target }: PlannedNotebook,
  { options, stand, timeoutSeconds }: Call,
): Promise<Notebook> {
  const source = withRunParameters(await readNotebook(path), config, options);
  const save = (executed: Notebook) => writeAtomic(target, serializeNotebook(executed));
  const executed = await executeNotebook(source, {
    ...{ name, timeoutSeconds },
    folder: dirname(path),
    env: { HAM10000_CONFIG: join(config.out, "config.json") },
    draw: withPicture,
    onProgress: stand.line?.update,
    onCellDone: save,
  });
  await save(executed);
  return executed;
}

/** Prints where and why a notebook failed and what to do. Returns the exit code. */
function tellFailure(error: ExecutionError, notebook: PlannedNotebook): number {
  console.error(`\n${error.message}\n\nRendered up to there: ${pathForCaller(notebook.executed)}`);
  if (error.ename === "CellTimeout") console.error("--timeout N gives each cell N minutes.");
  if (!isStorageFault(error.ename, error.evalue)) return 1;
  if (error.ename !== "StorageError") console.error(storageAdvice(error.evalue));
  return 2;
}

/** Lines that cells wrote to stderr, each once, such as warnings of damaged stored files. */
function warningsOf({ cells }: Notebook): string[] {
  const outputs = cells.flatMap((cell) => cell.cell_type === "code" ? cell.outputs : []);
  const lines = outputs.flatMap((output) =>
    output.output_type === "stream" && output.name === "stderr" ? output.text.split("\n") : []
  );
  return [...new Set(lines)].filter((line) => line.trim() !== "");
}

async function keep(config: Config, record: RunRecord, timings: Record<string, number>): Promise<void> {
  const { synthetic, engine, digests } = await readResults(config.out).catch(() => null) ?? {};
  await writeRunRecord(config, record, { versions: packageVersions(), synthetic, engine, digests });
  await writeAtomic(join(config.out, "timings.json"), jsonText(timings));
}

/** The result in a line or two. */
function resultText(results: Results): string {
  const measured = [asWrittenResult(results), deeperResult(results), ...results.baselines]
    .filter((result) => result !== null);
  const accuracies = measured.map(({ name, test }) => `${percent(test.accuracy)} ${name}`);
  return (results.synthetic ? "SYNTHETIC stand-in data: these numbers say nothing about skin.\n" : "") +
    `Test accuracy: ${accuracies.join("; ")}. Claimed: ${percent(results.claimed.accuracy)}.`;
}

if (import.meta.main) await runTask(usage, reproduce);

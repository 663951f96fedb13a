/** Plans a run: which notebooks must run and why, and which can be reused. */
import { dirname, join, relative } from "node:path";
import { type Config, experimentOf } from "../config.ts";
import { searchFolder } from "../data/photo_files.ts";
import { digestOf, sha256 } from "../support/digest.ts";
import { adapterText, describeAdapter, findAdapter } from "../support/engine/adapter.ts";
import { oneDnnHelps, readEngineChoice } from "../support/engine/engine_choice.ts";
import { platform, readInstallation, tfjsNodeFolder } from "../support/engine/installation.ts";
import { parseNotebook } from "../support/notebook/ipynb.ts";
import { projectRoot } from "../support/project.ts";
import { officialNotebooks, sourcePath } from "./notebooks.ts";
import { changedFiles, type Fingerprint, type NotebookRecord, type RunRecord } from "./run_record.ts";

export interface PlannedNotebook {
  /** `01_eda`. */
  readonly name: string;
  /** Its source in `notebooks/`. */
  readonly path: string;
  /** Its executed copy in the run's folder. */
  readonly executed: string;
  readonly fingerprint: Fingerprint;
  /** Why it must run; null if its stored results can be reused. */
  readonly reason: string | null;
  /** Its files that are missing or were changed, by path in the run's folder. They are removed before it runs. */
  readonly damaged: readonly string[];
}

/** Names of a fingerprint's parts, for messages. */
const partNames: Record<keyof Fingerprint, string> = {
  notebook: "the notebook",
  code: "lib/ or the packages",
  configuration: "the configuration",
  data: "the images",
  weights: "the weights",
  deno: "Deno's version",
  engine: "the engine",
};

/** Compares each notebook with the record of its last run. */
export async function planNotebooks(
  config: Config,
  names: readonly string[],
  record: RunRecord,
): Promise<PlannedNotebook[]> {
  const shared = {
    configuration: digestOf(experimentOf(config)),
    weights: config.weights === null ? "random" : sha256(await fileState(config.weights)),
    deno: Deno.version.deno,
    engine: await engineText(),
  };
  const data = config.data === null ? "stand-in" : await dataDigest(config, config.data);
  const withTest = config.officialTest === null
    ? data
    : sha256(data, await folderDigest(config.officialTest, config.out));
  return await Promise.all(names.map(async (name) => {
    const path = sourcePath(name);
    const text = await Deno.readTextFile(path);
    const code = parseNotebook(text, name).cells.map(({ source }) => source).join("\n");
    const fingerprint = {
      notebook: sha256(text),
      code: await codeDigest(code, dirname(path)),
      data: officialNotebooks.includes(name) ? withTest : data,
      ...shared,
    };
    const before = record.notebooks[name];
    const damaged = before ? await changedFiles(config, before) : [];
    const executed = join(config.out, "notebooks", `${name}.ipynb`);
    return { name, path, executed, fingerprint, damaged, reason: reasonToRun(before, fingerprint, damaged) };
  }));
}

function reasonToRun(
  before: NotebookRecord | undefined,
  now: Fingerprint,
  damaged: readonly string[],
): string | null {
  if (!before) return "not run yet";
  const parts = Object.keys(partNames) as (keyof Fingerprint)[];
  const changed = parts.filter((part) => before.fingerprint[part] !== now[part]);
  if (changed.length > 0) return `changed: ${changed.map((part) => partNames[part]).join(", ")}`;
  if (damaged.length === 0) return null;
  const more = damaged.length > 1 ? ` (and ${damaged.length - 1} more)` : "";
  return `${damaged[0]} is missing or was changed${more}`;
}

/** What decides the last bits of the engine's results, as far as it is known without loading the engine. */
async function engineText(): Promise<string> {
  const { engine, oneDnn, threads } = readEngineChoice();
  if (engine === "webgpu") {
    const adapter = await findAdapter();
    return adapter ? `WebGPU, ${adapterText(describeAdapter(adapter.info))}` : "WebGPU, no adapter";
  }
  const found = engine === "wasm" ? null : await readInstallation(tfjsNodeFolder());
  if (found?.state !== "ready") return `WebAssembly, ${threads} threads asked for`;
  const { tensorflow, way } = found.installation;
  const withOneDnn = oneDnn ?? oneDnnHelps(platform) ? "on" : "off";
  return `TensorFlow ${tensorflow} (${way}), oneDNN ${withOneDnn}, ${threads} threads`;
}

/** Parts of lib/support that notebooks use but that do not affect results: an edit there makes no notebook run again. */
const withoutResults = [
  "atomic.ts",
  "host.ts",
  "lock.ts",
  "pace.ts",
  "progress.ts",
  "storage_error.ts",
  "terminal_line.ts",
  "notebook/",
  "engine/command.ts",
  "engine/install",
  "engine/official.ts",
  "engine/wheel.ts",
].map((name) => join("lib", "support", name));

async function codeDigest(code: string, folder: string): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile(join(projectRoot, "deno.json")));
  const files = await filesBehind(code, folder);
  const contents = await Promise.all([join(projectRoot, "deno.lock"), ...files].map((p) => Deno.readFile(p)));
  return sha256(digestOf(imports), ...contents);
}

/**
 * The project's files that a piece of code depends on, sorted: those that it names by a relative path, as imports do, those that
 * they name, and so on. Files that do not affect results are left out.
 *
 * @param folder where the code's own relative paths start
 * @param root the project's folder
 */
export async function filesBehind(code: string, folder: string, root = projectRoot): Promise<string[]> {
  const found = new Set<string>();
  const follow = async (text: string, folder: string) => {
    const values = text.replace(/^(?:import|export) type [^;]*;/gm, ""); // types do not affect results
    for (const [, path] of values.matchAll(/["'](\.{1,2}\/[^"'\s]+\.(?:ts|js|wasm))["']/g)) {
      const file = join(folder, path);
      if (found.has(file) || withoutResults.some((part) => relative(root, file).startsWith(part))) continue;
      const next = await Deno.readTextFile(file).catch(() => null); // a path in a comment may lead nowhere
      if (next === null) continue;
      found.add(file);
      await follow(next, dirname(file));
    }
  };
  await follow(code, folder);
  return [...found].sort();
}

async function dataDigest({ metadata, out }: Config, folder: string): Promise<string> {
  const photos = await folderDigest(folder, out);
  if (metadata === null) return photos;
  return sha256(photos, ...await Promise.all([metadata].flat().map(fileState)));
}

/**
 * A digest of the paths, sizes and times of the files that a run may read, also through links. Reading gigabytes of photos again
 * would take longer than it saves.
 *
 * @param out the run's folder, which may lie beside the photos. Its files are left out, because they are results
 */
async function folderDigest(folder: string, out: string): Promise<string> {
  const { photos, others, closed } = await searchFolder(folder);
  const paths = [...photos, ...closed].map(({ path }) => path).concat(others)
    .filter((path) => !path.startsWith(join(out, "/")));
  const states = await Promise.all(
    paths.map(async (path) => `${relative(folder, path)}:${await fileState(path)}`),
  );
  return sha256(states.join("\n"));
}

/** A file's size, modification time, change time (which no program can set back) and inode number. */
async function fileState(path: string): Promise<string> {
  const state = await Deno.stat(path).catch(() => null);
  if (!state) return "missing";
  return [state.size, state.mtime?.getTime(), state.ctime?.getTime(), state.ino].join(":");
}

/** What an executed notebook was made from, part by part, so that a later run can say what changed. */
import { join } from "node:path";
import { type Config, experimentOf } from "../config.ts";
import { projectRoot } from "../support/project.ts";
import { digestOf, sha256 } from "../support/digest.ts";
import { oneDnnHelps, readEngineChoice } from "../support/engine/engine_choice.ts";
import { platform, readInstallation, tfjsNodeFolder } from "../support/engine/installation.ts";

/** Digests by part. Two runs with equal parts give equal results. */
export interface Fingerprint {
  readonly notebook: string;
  readonly code: string;
  readonly configuration: string;
  readonly data: string;
  readonly weights: string;
  readonly deno: string;
  readonly engine: string;
}

/** What a part is called when it changed. */
export const partNames: Record<keyof Fingerprint, string> = {
  notebook: "the notebook",
  code: "lib/ or the packages",
  configuration: "the configuration",
  data: "the images",
  weights: "the weights",
  deno: "Deno's version",
  engine: "the engine",
};

/** The parts that all notebooks of a run share. */
export async function sharedFingerprint(config: Config): Promise<Omit<Fingerprint, "notebook">> {
  return {
    code: await codeDigest(),
    configuration: digestOf(experimentOf(config)),
    data: config.data === null ? "stand-in" : await dataDigest(config.data, config.metadata),
    weights: config.weights === null ? "random" : await fileDigest(config.weights),
    deno: Deno.version.deno,
    engine: await engineText(),
  };
}

/** The parts that differ, in words; empty where nothing changed. */
export function changedParts(before: Partial<Fingerprint>, now: Fingerprint): string[] {
  return (Object.keys(partNames) as (keyof Fingerprint)[])
    .filter((part) => before[part] !== now[part])
    .map((part) => partNames[part]);
}

/** What is going to compute, as far as it can be known without loading it: whatever decides the last bits. */
async function engineText(): Promise<string> {
  const { engine, oneDnn, threads } = readEngineChoice();
  const found = engine === "wasm" ? null : await readInstallation(tfjsNodeFolder());
  if (found?.state !== "ready") return `WebAssembly, ${threads} threads asked for`;
  const { tensorflow, way } = found.installation;
  const withOneDnn = oneDnn ?? oneDnnHelps(platform) ? "on" : "off";
  return `TensorFlow ${tensorflow} (${way}), oneDNN ${withOneDnn}, ${threads} threads`;
}

async function codeDigest(): Promise<string> {
  const files = (await walk(join(projectRoot, "lib"))).filter((path) => path.endsWith(".ts"));
  files.push(join(projectRoot, "deno.json"), join(projectRoot, "deno.lock"));
  return sha256(...await Promise.all(files.sort().map((path) => Deno.readFile(path))));
}

async function dataDigest(folder: string, table: string | null): Promise<string> {
  const photos = await folderDigest(folder);
  return table === null ? photos : sha256(photos, await fileState(table));
}

/** Names, sizes and times: reading gigabytes of photos again would take longer than what it saves. */
async function folderDigest(folder: string): Promise<string> {
  const files = (await walk(folder)).sort();
  const states = await Promise.all(
    files.map(async (path) => `${path.slice(folder.length)}:${await fileState(path)}`),
  );
  return sha256(states.join("\n"));
}

async function fileDigest(path: string): Promise<string> {
  return sha256(await fileState(path));
}

async function fileState(path: string): Promise<string> {
  const state = await Deno.stat(path).catch(() => null);
  return state ? `${state.size}:${state.mtime?.getTime()}` : "missing";
}

async function walk(folder: string): Promise<string[]> {
  const paths: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) paths.push(...await walk(path));
    else paths.push(path);
  }
  return paths;
}

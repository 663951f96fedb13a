/** A native engine in tfjs-node's package folder: the ways to get it, and the record that tells whether it is intact. */
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { writeAtomic } from "../atomic.ts";
import { digestFile } from "../part_file.ts";
import type { OnProgress } from "./command.ts";
import { jsonText } from "../json.ts";

/** This machine's operating system and processor, e.g. `linux-x64`. */
export const platform = `${process.platform}-${process.arch}`;

/**
 * The addon's path in the package folder. The package looks in the folder of the highest Node-API version that both it and the
 * runtime know: the package knows 3 to 8, Deno 2.9 reports 10, so 8.
 */
export const addonPath = "lib/napi-v8/tfjs_binding.node";

/** The folders that an installation fills: the libraries, the addon. The addon finds the libraries by a relative path. */
const installedFolders = ["deps/lib", dirname(addonPath)];

/** The record's file name. It is written last, so an incomplete installation has none. */
export const recordName = "native-engine.json";

/** The folder of the installed npm package @tensorflow/tfjs-node, symbolic links resolved. */
export function tfjsNodeFolder(): string {
  const entry = fileURLToPath(import.meta.resolve("@tensorflow/tfjs-node")); // <package>/dist/index.js
  return Deno.realPathSync(dirname(dirname(entry)));
}

/** One way to get a native engine. */
export interface Way {
  name: InstallWay;
  title: string;
  /** Why this way is impossible here, or null; found in seconds. */
  obstacle(packageFolder: string): Promise<string | null>;
  /**
   * Puts the libraries and the addon into `stage`, a folder inside the package, with the package's layout. Only reads the
   * package.
   */
  install(packageFolder: string, stage: string, onProgress: OnProgress): Promise<void>;
}

/** How the native engine was installed; `found`: somebody else put it there, and it computes. */
export type InstallWay = "official" | "wheel" | "found";

/** The same in words. */
export const wayTexts: Record<InstallWay, string> = {
  official: "tfjs-node's ready-made build",
  wheel: "built on the library of TensorFlow's wheel",
  found: "found in the package folder, and tried",
};

/** The record of an installed engine. */
export interface Installation {
  way: InstallWay;
  /** Version of the native TensorFlow library, as the library itself reports it. */
  tensorflow: string;
  /** Version of the npm package @tensorflow/tfjs-node. */
  tfjs: string;
  /** {@link platform} of the machine that installed it. */
  platform: string;
  /** Size and SHA-256 of every installed file, by its path in the package folder. */
  files: Record<string, { bytes: number; sha256: string }>;
}

/** The state of the package folder: no record of an engine, a record that does not match the files, or an intact engine. */
export type InstallState =
  | { state: "none" }
  | { state: "broken"; why: string }
  | { state: "ready"; installation: Installation };

/**
 * Reads the record and compares it with the files: every size, and the digest of the addon. That takes milliseconds. With
 * `{ thorough: true }` it digests the libraries too, about 0.85 GB.
 */
export async function readInstallation(
  packageFolder: string,
  { thorough = false }: { thorough?: boolean } = {},
): Promise<InstallState> {
  const broken = (why: string): InstallState => ({ state: "broken", why });
  let installation: Installation;
  try {
    installation = JSON.parse(await Deno.readTextFile(join(packageFolder, recordName)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { state: "none" };
    return broken(`${recordName} cannot be read (${(error as Error).message})`);
  }
  const files = Object.entries(installation.files ?? {});
  if (files.length === 0) return broken(`${recordName} lists no files`);
  if (installation.platform !== platform) {
    return broken(`it was installed for ${installation.platform}, this is ${platform}`);
  }
  for (const [name, { bytes, sha256 }] of files) {
    const path = join(packageFolder, name);
    const { size } = await Deno.stat(path).catch(() => ({ size: null }));
    if (size === null) return broken(`${name} is missing`);
    if (size !== bytes) return broken(`${name} has ${size} bytes instead of ${bytes}`);
    if ((thorough || name === addonPath) && await digestFile(path) !== sha256) {
      return broken(`${name} was changed after it was installed`);
    }
  }
  return { state: "ready", installation };
}

/** Writes the record of the installed files in one step, and returns it. */
export async function recordInstallation(
  packageFolder: string,
  facts: { way: InstallWay; tensorflow: string },
): Promise<Installation> {
  const { version } = JSON.parse(await Deno.readTextFile(join(packageFolder, "package.json")));
  const files: Installation["files"] = {};
  for (const folder of installedFolders) {
    for (const { name } of Deno.readDirSync(join(packageFolder, folder))) {
      const path = join(packageFolder, folder, name);
      const { size, isFile } = await Deno.stat(path);
      if (isFile) files[`${folder}/${name}`] = { bytes: size, sha256: await digestFile(path) };
    }
  }
  const installation = { ...facts, tfjs: version, platform, files };
  await writeAtomic(join(packageFolder, recordName), jsonText(installation));
  return installation;
}

/** The record of an installed native engine, kept beside it: what was installed, how, and whether it is still whole. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { writeAtomic } from "../atomic.ts";
import { sha256 } from "../digest.ts";
import type { InstallWay } from "./install_way.ts";

/** One installed native engine. */
export interface Installation {
  way: InstallWay;
  /** Version of the native TensorFlow library, as the library itself reports it. */
  tensorflow: string;
  /** Version of the npm package @tensorflow/tfjs-node. */
  tfjs: string;
  /** Operating system and processor, e.g. `linux-x64`. */
  platform: string;
  /** Every installed file by its path in the package folder, with `/` between the parts. */
  files: Record<string, InstalledFile>;
}

/** Size in bytes and SHA-256 of one installed file. */
export interface InstalledFile {
  bytes: number;
  sha256: string;
}

/** What is in the package folder: no record of an engine, a record that the files contradict, or a whole engine. */
export type InstallState =
  | { state: "none" }
  | { state: "broken"; why: string }
  | { state: "ready"; installation: Installation };

/** The record's file name. It is written last, so a half-made installation has none. */
export const recordName = "native-engine.json";

/** This machine's operating system and processor, e.g. `linux-x64`. */
export const platform = `${process.platform}-${process.arch}`;

/** Folders of the package that hold what an installation adds. */
const installedFolders = ["deps/lib", "lib"];

/**
 * Reads the record and compares it with the files: every size, and the digest of the addon. That takes milliseconds.
 * `{ thorough: true }` digests the libraries too, about 0.85 GB.
 */
export async function readInstallation(
  packageFolder: string,
  { thorough = false }: { thorough?: boolean } = {},
): Promise<InstallState> {
  let installation: Installation;
  try {
    installation = JSON.parse(await Deno.readTextFile(join(packageFolder, recordName)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { state: "none" };
    return { state: "broken", why: `${recordName} cannot be read (${(error as Error).message})` };
  }
  const files = Object.entries(installation.files ?? {});
  if (files.length === 0) return { state: "broken", why: `${recordName} lists no files` };
  if (installation.platform !== platform) {
    return { state: "broken", why: `it was installed for ${installation.platform}, this is ${platform}` };
  }
  for (const [path, expected] of files) {
    const bytes = await Deno.stat(join(packageFolder, path)).then((file) => file.size, () => null);
    if (bytes === null) return { state: "broken", why: `${path} is missing` };
    if (bytes !== expected.bytes) {
      return { state: "broken", why: `${path} has ${bytes} bytes instead of ${expected.bytes}` };
    }
    if (
      (thorough || path.endsWith(".node")) && await digestFile(join(packageFolder, path)) !== expected.sha256
    ) {
      return { state: "broken", why: `${path} was changed after it was installed` };
    }
  }
  return { state: "ready", installation };
}

/** Lists and digests the installed files. */
export async function describeInstallation(
  packageFolder: string,
  facts: { way: InstallWay; tensorflow: string },
): Promise<Installation> {
  const { version } = JSON.parse(await Deno.readTextFile(join(packageFolder, "package.json")));
  const files: Record<string, InstalledFile> = {};
  const known = new Map<string, InstalledFile>(); // one library may have several names
  for (const folder of installedFolders) {
    for await (const path of filesBelow(packageFolder, folder)) {
      const real = await Deno.realPath(join(packageFolder, path));
      const file = known.get(real) ?? { bytes: (await Deno.stat(real)).size, sha256: await digestFile(real) };
      known.set(real, file);
      files[path] = file;
    }
  }
  return { ...facts, tfjs: version, platform, files };
}

/** Writes the record of what is installed, in one step, and returns it. */
export async function recordInstallation(
  packageFolder: string,
  facts: { way: InstallWay; tensorflow: string },
): Promise<Installation> {
  const installation = await describeInstallation(packageFolder, facts);
  await writeAtomic(join(packageFolder, recordName), JSON.stringify(installation, null, 2) + "\n");
  return installation;
}

async function* filesBelow(root: string, folder: string): AsyncGenerator<string> {
  const names = (await Array.fromAsync(Deno.readDir(join(root, folder)))).map((entry) => entry.name).sort();
  for (const name of names) {
    const path = `${folder}/${name}`;
    if ((await Deno.stat(join(root, path))).isDirectory) yield* filesBelow(root, path);
    else yield path;
  }
}

async function digestFile(path: string): Promise<string> {
  if ((await Deno.stat(path)).size < 1e6) return sha256(await Deno.readFile(path));
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1 << 20);
  for (let n = await file.read(buffer); n !== null; n = await file.read(buffer)) {
    hash.update(buffer.subarray(0, n));
  }
  return hash.digest("hex");
}

/** The peers' Python: an environment of the benchmark's own at exact versions, and who of them takes part. */
import { join } from "node:path";
import { writeAtomic } from "../../lib/support/atomic.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { runCommand } from "../../lib/support/engine/command.ts";
import { projectRoot } from "../../lib/support/project.ts";
import { type PeerProgram, programPath } from "./peer.ts";

export interface Python {
  readonly interpreter: string;
  /** Those of the peers' modules that it loads. */
  readonly libraries: ReadonlySet<string>;
  /** How PyTorch takes part, by its peers' names: compiling takes a minute a case. */
  readonly pytorch: Readonly<Record<string, "eager" | "compiled">>;
}

/** Modules that peers need. */
const libraries = [
  ...["PIL", "cv2", "torch", "torchvision", "albumentations", "keras"],
  ...["onnxruntime", "openvino", "sklearn", "scipy"],
] as const;

/** As a good user sets them; oneDNN is what makes TensorFlow fast on CPUs without AVX-512. */
const settings = { KERAS_BACKEND: "tensorflow", TF_CPP_MIN_LOG_LEVEL: "3", TF_ENABLE_ONEDNN_OPTS: "1" };

/**
 * Opens an interpreter that is there, or makes a virtual environment with the requirements; about 2.5 GB, 0.6 GB for the
 * short form. Says who does not load: torchvision's usual build does not beside a PyTorch that was made for CPUs alone.
 *
 * @param given an interpreter with the packages of requirements.txt; null: `data/bench-venv` or `data/bench-venv-short`
 * @throws {Error} if there is no Python, or pip cannot reach an index
 */
export async function openPython(given: string | null, { short }: { short: boolean }): Promise<Python> {
  const suffix = short ? "-short" : "";
  const interpreter = given ??
    await makeEnvironment(join(projectRoot, "data", `bench-venv${suffix}`), `requirements${suffix}.txt`);
  const program = `
import importlib
for name in ${JSON.stringify(libraries)}:
    try: importlib.import_module(name); print(name)
    except Exception: pass`;
  const { stdout } = await new Deno.Command(interpreter, {
    args: ["-c", program],
    env: settings,
    stderr: "null",
  }).output();
  const loaded = new Set(new TextDecoder().decode(stdout).split(/\s+/));
  const missing = libraries.filter((name) => !loaded.has(name));
  if (missing.length > 0) console.log(`Not here, so these take no part: ${missing.join(", ")}`);
  const both = { "PyTorch": "eager", "PyTorch, compiled": "compiled" } as const;
  return { interpreter, libraries: loaded, pytorch: short ? { "PyTorch": "eager" } : both };
}

/** A peer in Python, in a list that is empty where its library does not load. @param program a file beside this one, and its arguments */
export function pythonPeer(
  { interpreter, libraries }: Python,
  name: string,
  { library, program: [file, ...args] }: { library: string; program: readonly string[] },
): PeerProgram[] {
  if (!libraries.has(library)) return [];
  return [{ name, command: interpreter, args: [programPath(file), ...args], env: settings }];
}

/** What one program of Python prints after `BENCH `, once. @throws {Error} if it fails or prints no such line */
export async function runPython(
  { interpreter }: Python,
  [file, ...args]: readonly string[],
): Promise<unknown> {
  const { code, stdout } = await new Deno.Command(interpreter, {
    args: [programPath(file), ...args],
    env: settings,
    stderr: "inherit",
  }).output();
  const line = /^BENCH (.*)$/m.exec(new TextDecoder().decode(stdout));
  if (code === 0 && line) return JSON.parse(line[1]);
  throw new Error(`${file} should end with exit code 0 and a line of results. Received: ${code}`);
}

/**
 * Of PyTorch pip takes the build for CPUs (2.13.0+cpu) where one of the configured indexes has it, as PyTorch's own does; on Linux
 * the usual index has only the one with CUDA, some GB more and no faster here.
 */
async function makeEnvironment(folder: string, requirements: string): Promise<string> {
  const windows = Deno.build.os === "windows";
  const interpreter = windows ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
  const done = join(folder, "requirements.sha256");
  const list = programPath(requirements);
  const digest = sha256(await Deno.readFile(list));
  if (await Deno.readTextFile(done).catch(() => "") === digest) return interpreter;

  const onProgress = (line: string) => console.error(line);
  await runCommand("python3", ["-m", "venv", "--clear", folder], {
    step: "making the virtual environment",
    onProgress,
  });
  const quietly = ["--disable-pip-version-check", "--quiet", "--no-compile"];
  const install = ["-m", "pip", "install", ...quietly, "-r", list];
  await runCommand(interpreter, install, { step: "installing the peers", grows: folder, onProgress });
  await writeAtomic(done, digest);
  return interpreter;
}

if (import.meta.main) await openPython(null, { short: Deno.args.includes("--short") }); // beforehand, beside other work

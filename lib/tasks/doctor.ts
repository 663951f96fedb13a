/**
 * `deno task doctor`: says which engine computes here, why and how fast, and how to repair what is not right; see `usage`.
 *
 * It also runs itself in separate processes, with `--measure-engine` to print a {@link Measured}, or `--find-adapter` for the GPU.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { layers } from "../model/vgg16.ts";
import { packageVersions } from "../support/versions.ts";
import { freeSpace } from "../support/download.ts";
import { type Adapter, describeAdapter, findAdapter } from "../support/engine/adapter.ts";
import { runCommand } from "../support/engine/command.ts";
import { type Engine, engine, readValues, startEngine, tf } from "../support/engine/engine.ts";
import { cpuInstructions, readEngineChoice, wasmSlowdown } from "../support/engine/engine_choice.ts";
import { bitsDigest, engineLine, engineOf } from "../support/engine/expected_engine.ts";
import { ensureEngine, type InstallOptions, nativeOutlook } from "../support/engine/install.ts";
import { platform, readInstallation, tfjsNodeFolder } from "../support/engine/installation.ts";
import { countText } from "../support/format.ts";
import { findKernelSpec } from "../support/notebook/kernel_spec.ts";
import { projectRoot } from "../support/project.ts";
import { parseFlags, runTask } from "./caller.ts";
import { denoProblem } from "./deno_version.ts";
import { type Finding, gpuFinding, table } from "./finding.ts";

const usage = `deno task doctor [flags]

Says which engine computes here, why, how fast, and what to do if something is wrong.

  --repair         first install the native engine, or install it again if it is damaged
  --measure        measure the GPU too, if there is one
  --help           this page

Exit codes: 0 all that is needed works; 1 something is broken; 2 a flag is not valid.
`;

interface Asked {
  readonly repair: boolean;
  readonly measure: boolean;
}

const slower = `about ${wasmSlowdown} times slower`;
const repairing = "deno task doctor --repair";

export function checkDeno(version: string): Finding {
  const problem = denoProblem(version);
  if (problem === null) return { status: "ok", subject: "Deno", text: version };
  return { status: "broken", subject: "Deno", text: problem, todo: "deno upgrade" };
}

/** Checks that node_modules has every package in the version that deno.json asks for. */
export async function checkPackages(root: string, versions: Record<string, string>): Promise<Finding> {
  const wrong: string[] = [];
  for (const [name, version] of Object.entries(versions)) {
    const text = await Deno.readTextFile(join(root, "node_modules", name, "package.json")).catch(() => null);
    const here = text === null ? "missing" : JSON.parse(text).version;
    if (here !== version) wrong.push(`${name} ${here} (${version} is asked for)`);
  }
  const subject = "packages";
  if (wrong.length === 0) {
    return { status: "ok", subject, text: "all packages of deno.json are in node_modules" };
  }
  return { status: "broken", subject, text: wrong.join(", "), todo: "deno install" };
}

/** The engine's settings. */
function describeSettings(): Finding {
  const { engine, oneDnn, threads } = readEngineChoice();
  const chosen = oneDnn === null ? "oneDNN where it helps" : `oneDNN ${oneDnn ? "on" : "off"} as asked`;
  const text = `HAM10000_ENGINE=${engine}, ${chosen}, ${countText(threads, "CPU thread")}`;
  return { status: "ok", subject: "settings", text };
}

/** A digest of what decides the last bits of results, to compare with other nodes and with a plan. */
async function describeBits(): Promise<Finding[]> {
  const choice = readEngineChoice();
  if (choice.engine === "webgpu") return []; // the GPU and its driver decide them
  const found = choice.engine === "wasm" ? null : await readInstallation(tfjsNodeFolder());
  if (found && found.state !== "ready") return []; // it is not known yet which engine will compute
  const engine = engineOf(found && found.installation, choice);
  const instructions = cpuInstructions();
  const text = `${bitsDigest({ engine, instructions })} (${engineLine(engine)}; ${
    instructions || "instruction sets not known"
  }). On nodes with another digest, results differ in the last bits, and so trained convolutions become other networks`;
  return [{ status: "ok", subject: "bits", text }];
}

async function repair(): Promise<Finding> {
  const installed = await ensureEngine({ thorough: true, retry: true });
  if (installed) return { status: "ok", subject: "repair", text: "the native engine is intact" };
  return { status: "note", subject: "repair", text: "nothing to repair: WebAssembly computes" };
}

/** The engine that the next start will use, and its speed. Every file of an installed engine is compared. */
async function diagnoseEngine(): Promise<Finding[]> {
  const { engine } = readEngineChoice();
  if (engine === "webgpu") {
    return [{ status: "ok", subject: "engine", text: "WebGPU, because HAM10000_ENGINE=webgpu asks for it" }];
  }
  if (engine !== "wasm") {
    const native = await diagnoseNative({ required: engine === "native" });
    return [native, await measureApart(native.status === "ok" ? "native" : "wasm")];
  }
  const text = `WebAssembly, because HAM10000_ENGINE=wasm asks for it; ${slower} than native`;
  const finding = { status: "note", subject: "engine", text, todo: "unset HAM10000_ENGINE" } as const;
  return [finding, await measureApart("wasm")];
}

/** The native engine's state: whole, damaged, to be set up (how), or impossible (why). */
export async function diagnoseNative(
  { required = false, ...options }: InstallOptions & { required?: boolean } = {},
): Promise<Finding> {
  const { state, text } = await nativeOutlook({ thorough: true, ...options });
  const subject = "engine";
  switch (state) {
    case "whole":
      return { status: "ok", subject, text: `native: ${text}` };
    case "damaged":
      return { status: "broken", subject, text: `native, but damaged: ${text}`, todo: repairing };
    case "possible":
      return { status: "note", subject, text: `native: ${text}`, todo: `${repairing} does it now` };
    case "impossible":
      return { status: required ? "broken" : "note", subject, text: `WebAssembly, ${slower}. ${text}` };
  }
}

/** The GPU, and its speed if it is chosen or `--measure` is given. A crash of its driver becomes a finding. */
async function diagnoseGpu({ measure }: Asked): Promise<Finding[]> {
  const adapter: Adapter | null = JSON.parse(
    await runApart("--find-adapter", {}, "looking for a GPU") || "null",
  );
  const isChosen = readEngineChoice().engine === "webgpu";
  const finding = gpuFinding(adapter, { isChosen });
  if (!adapter || adapter.isSoftware || !(isChosen || measure)) return [finding];
  return [finding, await measureApart("webgpu")];
}

/** Deno's kernel in Jupyter's list. Only front ends need it: `deno task reproduce` starts the kernel itself. */
async function checkKernel(): Promise<Finding> {
  const subject = "kernel";
  const found = await findKernelSpec();
  if (found?.works) {
    return { status: "ok", subject, text: `Deno's kernel for Jupyter is installed: ${found.path}` };
  }
  const text = found
    ? `${found.path} starts ${found.program || "no program"}, which is not there`
    : "Deno's kernel for Jupyter is not installed; only JupyterLab and the like need it";
  return { status: "note", subject, text, todo: `deno jupyter --install${found ? " --force" : ""}` };
}

async function checkDisk(): Promise<Finding> {
  return checkRoom("disk", await freeSpace(projectRoot), "GB free", "free 2 GB before a long run");
}

function checkMemory(): Finding {
  const { available, total } = Deno.systemMemoryInfo();
  return checkRoom(
    "memory",
    available,
    `of ${(total / 1e9).toFixed(0)} GB available`,
    "close other programs",
  );
}

/** A note if less than 2 GB are left. */
function checkRoom(subject: string, left: number, unit: string, todo: string): Finding {
  const text = `${(left / 1e9).toFixed(left < 1e10 ? 1 : 0)} ${unit}`;
  return left >= 2e9 ? { status: "ok", subject, text } : { status: "note", subject, text, todo };
}

/** The engine and its speed. */
interface Measured {
  engine: Engine;
  /** Images a second through VGG16 without top at 64×64: forward pass, layer by layer. */
  imagesPerSecond: number;
}

/** Runs this program with another flag in a process of its own. Returns the last line that it prints. */
async function runApart(flag: string, env: Record<string, string>, step: string): Promise<string> {
  const args = ["run", "--allow-all", fileURLToPath(import.meta.url), flag];
  const stdout = await runCommand(Deno.execPath(), args, { cwd: projectRoot, env, step });
  return stdout.trim().split("\n").at(-1) ?? "";
}

/** Measures one engine in a process of its own, so that a crash becomes a finding. */
async function measureApart(engine: "native" | "wasm" | "webgpu"): Promise<Finding> {
  const subject = engine === "webgpu" ? "gpu speed" : "speed";
  try {
    const env = { HAM10000_ENGINE: engine };
    const measured: Measured = JSON.parse(
      await runApart("--measure-engine", env, "measuring the engine"),
    );
    const { imagesPerSecond, engine: { name, oneDnn, threads } } = measured;
    const cores = `${threads} of ${navigator.hardwareConcurrency} cores`;
    const rate = imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0);
    const gflops = (imagesPerSecond * 2 * 1.2528).toFixed(0); // 1.2528 billion multiplications an image, and as many additions
    const computes = {
      "tfjs-node": `oneDNN ${oneDnn ? "on" : "off"}, ${platform}, ${cores}`,
      wasm: `WebAssembly, ${cores}`,
      webgpu: "WebGPU",
    };
    const text = `${rate} images a second through VGG16 at 64×64, ${gflops} GFLOP/s (${computes[name]})`;
    return { status: "ok", subject, text };
  } catch (error) {
    const todo = { native: repairing, wasm: "deno install", webgpu: "update the GPU's driver" }[engine];
    return { status: "broken", subject, text: (error as Error).message, todo };
  }
}

async function measure(): Promise<Measured> {
  await startEngine();
  const vgg16 = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [64, 64, 3] })] });
  for (const { kind, outputs: filters } of layers) {
    const options = { filters, kernelSize: 3, padding: "same", activation: "relu" } as const;
    vgg16.add(
      kind === "pool"
        ? tf.layers.maxPooling2d({ poolSize: 2 })
        : tf.layers.conv2d({ ...options, kernelInitializer: "zeros" }),
    );
  }
  const images = tf.zeros([16, 64, 64, 3]);
  const forward = () => readValues(() => vgg16.predictOnBatch(images) as typeof images); // (16, 2, 2, 512)
  await forward(); // warm-up
  const started = performance.now();
  let passes = 0;
  for (; performance.now() - started < 1000; passes++) await forward();
  const imagesPerSecond = (1000 * passes * 16) / (performance.now() - started);
  return { engine, imagesPerSecond };
}

/** The findings of a check. If it throws, its error is the finding. */
async function guarded(
  subject: string,
  check: () => Finding | Promise<Finding | Finding[]>,
  todo: string,
): Promise<Finding[]> {
  try {
    return [await check()].flat();
  } catch (error) {
    return [{ status: "broken", subject, text: (error as Error).message, todo }];
  }
}

async function examine(asked: Asked): Promise<Finding[]> {
  const { deno, ...packages } = packageVersions();
  const findings = [
    checkDeno(deno),
    ...await guarded("packages", () => checkPackages(projectRoot, packages), "deno install"),
    ...await guarded("settings", describeSettings, "correct or unset that variable"),
  ];
  if (findings.every(({ status }) => status !== "broken")) {
    if (asked.repair) findings.push(...await guarded("repair", repair, "see above"));
    findings.push(...await guarded("engine", diagnoseEngine, "deno install"));
    findings.push(...await guarded("bits", describeBits, "see above"));
    findings.push(...await guarded("gpu", () => diagnoseGpu(asked), "update the GPU's driver"));
  }
  return [
    ...findings,
    ...await guarded("kernel", checkKernel, "deno jupyter --install --force"),
    ...await guarded("disk", checkDisk, "look at the disk"),
    ...await guarded("memory", checkMemory, "close other programs"),
  ];
}

if (import.meta.main) {
  if (Deno.args.includes("--measure-engine")) {
    console.log(JSON.stringify(await measure()));
  } else if (Deno.args.includes("--find-adapter")) {
    const adapter = await findAdapter();
    console.log(JSON.stringify(adapter && describeAdapter(adapter.info)));
  } else {
    await runTask(usage, async (args) => {
      const flag = { type: "boolean", default: false } as const;
      const { values } = parseFlags({ args, options: { repair: flag, measure: flag } }, usage);
      const findings = await examine(values);
      console.log(table(findings));
      return findings.some(({ status }) => status === "broken") ? 1 : 0;
    });
  }
}

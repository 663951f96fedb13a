/**
 * What there is to say about the engine without starting it here: which one, why, how fast, what to do.
 *
 * As a program it starts the engine, measures it for about a second and prints a {@link Measured}.
 */
import { fileURLToPath } from "node:url";
import { projectRoot } from "../project.ts";
import { runCommand } from "./command.ts";
import type { Engine } from "./engine.ts";
import {
  type EngineChoice,
  oneDnnHelps,
  readCpuFlags,
  readEngineChoice,
  wasmSlowdown,
} from "./engine_choice.ts";
import { type InstallOptions, nativeOutlook } from "./install.ts";
import { platform } from "./installation.ts";

/** One line of the doctor's table: `note` can be lived with, `broken` cannot. `todo` says what to do. */
export interface Finding {
  status: "ok" | "note" | "broken";
  subject: string;
  text: string;
  todo?: string;
}

const slower = `about ${wasmSlowdown} times slower`;
const repair = "deno task doctor --repair";

/** The settings that hold, in one line. */
export function describeSettings({ engine, oneDnn, threads }: EngineChoice): Finding {
  const chosen = oneDnn === null ? "oneDNN where it helps" : `oneDNN ${oneDnn ? "on" : "off"} as asked`;
  return {
    status: "ok",
    subject: "settings",
    text: `HAM10000_ENGINE=${engine}, ${chosen}, ${threads} threads`,
  };
}

/**
 * Says which engine the next start is going to use and why, digesting every file of an installed one, and measures it
 * in a process of its own.
 */
export async function diagnoseEngine(): Promise<Finding[]> {
  const { engine } = readEngineChoice();
  if (engine === "wasm") {
    const text = `WebAssembly, because HAM10000_ENGINE=wasm asks for it; ${slower} than native`;
    const finding: Finding = { status: "note", subject: "engine", text, todo: "unset HAM10000_ENGINE" };
    return [finding, await measureEngine("wasm")];
  }
  const native = await diagnoseNative({ required: engine === "native" });
  return [native, await measureEngine(native.status === "ok" ? "native" : "wasm")];
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
      return { status: "broken", subject, text: `native, but damaged: ${text}`, todo: repair };
    case "possible":
      return { status: "note", subject, text: `native: ${text}`, todo: `${repair} does it now` };
    case "impossible":
      return { status: required ? "broken" : "note", subject, text: `WebAssembly, ${slower}. ${text}` };
  }
}

/** The engine and its speed. */
interface Measured {
  engine: Engine;
  /** VGG16 without top at 64×64, forward, layer by layer, images a second. */
  imagesPerSecond: number;
  /** The processor's instruction sets that matter, as `AVX2, FMA`. */
  instructions: string;
}

/** Measures one engine in a process of its own, so that its crash is a finding. */
async function measureEngine(engine: "native" | "wasm"): Promise<Finding> {
  const subject = "speed";
  try {
    const stdout = await runCommand(Deno.execPath(), ["run", "--allow-all", fileURLToPath(import.meta.url)], {
      cwd: projectRoot,
      env: { HAM10000_ENGINE: engine },
      step: "measuring the engine",
    });
    const measured: Measured = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    const { imagesPerSecond, instructions, engine: { name, oneDnn, threads } } = measured;
    const rate = imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0);
    const gflops = (imagesPerSecond * 2 * 1.2528).toFixed(0); // 1.2528 billion multiplications and additions an image
    const computes = name === "wasm" ? "WebAssembly" : `oneDNN ${oneDnn ? "on" : "off"}, ${instructions}`;
    const text = `${rate} images a second through VGG16 at 64×64, ${gflops} GFLOP/s ` +
      `(${computes}, ${threads} of ${navigator.hardwareConcurrency} cores)`;
    return { status: "ok", subject, text };
  } catch (error) {
    const todo = engine === "native" ? repair : "deno install";
    return { status: "broken", subject, text: (error as Error).message, todo };
  }
}

/** Instruction sets as Linux and as people name them. */
const instructionSets = {
  avx: "AVX",
  avx2: "AVX2",
  fma: "FMA",
  avx512f: "AVX-512",
  amx_tile: "AMX",
  asimd: "NEON",
};

async function measure(): Promise<Measured> {
  const { engine, tf, valuesOf } = await import("./engine.ts");
  const vgg16 = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [64, 64, 3] })] });
  for (const [filters, count] of [[64, 2], [128, 2], [256, 3], [512, 3], [512, 3]]) {
    for (let i = 0; i < count; i++) {
      const options = { filters, kernelSize: 3, padding: "same", activation: "relu" } as const;
      vgg16.add(tf.layers.conv2d({ ...options, kernelInitializer: "zeros" }));
    }
    vgg16.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  }
  const images = tf.zeros([16, 64, 64, 3]);
  const forward = () => valuesOf(() => vgg16.predictOnBatch(images) as ReturnType<typeof tf.zeros>); // (16, 2, 2, 512)
  forward(); // the first pass prepares
  const started = performance.now();
  let passes = 0;
  for (; performance.now() - started < 1000; passes++) forward();
  const imagesPerSecond = (1000 * passes * 16) / (performance.now() - started);
  const flags = readCpuFlags()?.split(" ") ?? [];
  const names = Object.entries(instructionSets).filter(([flag]) => flags.includes(flag)).map(([, name]) =>
    name
  );
  return { engine, imagesPerSecond, instructions: names.join(", ") || platform };
}

if (import.meta.main) console.log(JSON.stringify(await measure()));

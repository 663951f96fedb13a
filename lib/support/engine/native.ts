/** Starts the native engine in this process. */
import { tfjsNodeFolder } from "./addon.ts";
import { type EngineChoice, oneDnnHelps } from "./engine_choice.ts";
import type { StartedEngine } from "./engine_facts.ts";
import { installEngine, type InstallOptions } from "./install.ts";
import { type Installation, platform } from "./installation.ts";
import { loadQuietly } from "./quiet_load.ts";
import "./legacy_util.ts";

/**
 * Installs the native engine if need be and loads it, its settings (oneDNN, threads, log level) in place first: the library
 * reads them once, while it loads.
 *
 * @throws Error when it cannot be installed or loaded, saying why and what to do.
 */
export async function startNative(
  choice: EngineChoice,
  options: InstallOptions = {},
): Promise<StartedEngine> {
  const installation = await installEngine(options);
  const oneDnn = choice.oneDnn ?? oneDnnHelps(platform);
  Deno.env.set("TF_ENABLE_ONEDNN_OPTS", oneDnn ? "1" : "0");
  Deno.env.set("TF_NUM_INTRAOP_THREADS", String(choice.threads));
  Deno.env.set("TF_CPP_MIN_LOG_LEVEL", String(choice.logLevel));
  if (choice.logLevel > 0) loadQuietly(options.packageFolder ?? tfjsNodeFolder());
  const tf = await import("@tensorflow/tfjs-node").catch((error: Error) => {
    throw new Error(
      `The native TensorFlow engine is installed but does not load: ${error.message}\n` +
        "`deno task doctor --repair` installs it again.",
      { cause: error },
    );
  });
  return {
    tf: tf.default as unknown as StartedEngine["tf"],
    engine: {
      name: "tfjs-node",
      tensorflow: installation.tensorflow,
      tfjs: installation.tfjs,
      oneDnn,
      threads: choice.threads,
      install: installation.way,
      why: reason(choice, installation),
    },
  };
}

const ways: Record<Installation["way"], string> = {
  official: "installed by tfjs-node's own script",
  wheel: "built on the library in TensorFlow's wheel",
  found: "found in the package folder, where it was put before",
};

function reason(choice: EngineChoice, installation: Installation): string {
  const asked = choice.engine === "native" ? "HAM10000_ENGINE=native asks for it" : "the fastest there is";
  return `${asked}; ${ways[installation.way]}`;
}

/** What there is to say about the engine without starting it here: which one, why, how fast, what to do. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { addonPath, tfjsNodeFolder } from "./addon.ts";
import { runCommand } from "./command.ts";
import { type EngineChoice, readEngineChoice } from "./engine_choice.ts";
import { installWays, rememberedFailure } from "./install.ts";
import type { Way } from "./install_way.ts";
import { readInstallation } from "./installation.ts";
import type { Measured } from "./measure.ts";
import { wasmSlowdown } from "./wasm.ts";

/** One line of the table: `note` can be lived with, `broken` cannot. `todo` says what to do. */
export interface Finding {
  status: "ok" | "note" | "broken";
  subject: string;
  text: string;
  todo?: string;
}

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
  if (engine !== "wasm") {
    const native = await diagnoseNative(tfjsNodeFolder(), { required: engine === "native" });
    return [native, await measureEngine(native.status === "ok" ? "native" : "wasm")];
  }
  const text =
    `WebAssembly, because HAM10000_ENGINE=wasm asks for it; about ${wasmSlowdown} times slower than native`;
  return [
    { status: "note", subject: "engine", text, todo: "unset HAM10000_ENGINE" },
    await measureEngine("wasm"),
  ];
}

/** The native engine's state in a package folder: whole, damaged, there untried, to be set up (how), or impossible (why). */
export async function diagnoseNative(
  packageFolder: string,
  { required = false, ways = installWays }: { required?: boolean; ways?: Way[] } = {},
): Promise<Finding> {
  const subject = "engine";
  const state = await readInstallation(packageFolder, { thorough: true });
  if (state.state === "ready") {
    const { way, tensorflow, tfjs } = state.installation;
    return {
      status: "ok",
      subject,
      text: `native: tfjs-node ${tfjs} on TensorFlow ${tensorflow}, ${waysText[way]}`,
    };
  }
  if (state.state === "broken") {
    return { status: "broken", subject, text: `native, but damaged: ${state.why}`, todo: repair };
  }
  if (await Deno.stat(join(packageFolder, addonPath)).then(() => true, () => false)) {
    const text = "native, put there by other means; its first use tries it";
    return { status: "note", subject, text, todo: `${repair} tries it now` };
  }
  const failure = await rememberedFailure(packageFolder);
  const reasons: string[] = failure?.reasons ?? [];
  for (const way of failure ? [] : ways) {
    const obstacle = await way.obstacle({ packageFolder });
    if (!obstacle) {
      const text = `native, to be set up by ${way.title} at its first use, in about a minute`;
      return { status: "note", subject, text, todo: `${repair} does it now` };
    }
    reasons.push(`${way.title}: ${obstacle}`);
  }
  const text = [
    `WebAssembly, about ${wasmSlowdown} times slower, because the native engine cannot be had:`,
    ...reasons,
  ];
  const todo = `remove one of these obstacles, then ${repair}`;
  return { status: required ? "broken" : "note", subject, text: text.join("\n"), todo };
}

const waysText = {
  official: "installed by tfjs-node's own script",
  wheel: "built on the library of TensorFlow's wheel",
  found: "found in the package folder and tried",
};

/** Measures one engine in a process of its own, so that its crash is a finding. */
async function measureEngine(engine: "native" | "wasm"): Promise<Finding> {
  const subject = "speed";
  try {
    const root = fileURLToPath(new URL("../../../", import.meta.url));
    const program = join(root, "lib", "support", "engine", "measure.ts");
    const stdout = await runCommand(Deno.execPath(), ["run", "--allow-all", program], {
      cwd: root,
      env: { HAM10000_ENGINE: engine },
      step: "measuring the engine",
    });
    const { imagesPerSecond, gflops, engine: facts }: Measured = JSON.parse(
      stdout.trim().split("\n").at(-1) ?? "",
    );
    const rate = imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0);
    const name = facts.name === "wasm" ? "WebAssembly" : `oneDNN ${facts.oneDnn ? "on" : "off"}`;
    const text = `${rate} images a second through VGG16 at 64×64, ${gflops.toFixed(0)} GFLOP/s ` +
      `(${name}, ${facts.threads} of ${navigator.hardwareConcurrency} cores)`;
    return { status: "ok", subject, text };
  } catch (error) {
    const todo = engine === "native" ? repair : "deno install";
    return { status: "broken", subject, text: (error as Error).message, todo };
  }
}

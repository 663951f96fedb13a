/** What a fresh machine needs before the notebooks run: the native engine and the Deno kernel for Jupyter front ends. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { projectRoot } from "../support/project.ts";
import { ensureKernelSpec } from "../support/notebook/kernel_spec.ts";
import { readEngineChoice } from "../support/engine/engine_choice.ts";
import { ensureEngine } from "../support/engine/install.ts";
import { readInstallation, tfjsNodeFolder } from "../support/engine/installation.ts";

/** Sets up what is missing, once, with progress; where all is there it takes no time and no network. */
export async function setUp(): Promise<void> {
  await ensureEngine();
  await ensureKernelSpec();
}

/**
 * The same for a process that may not use the network: the engine is set up by a process of its own, which may.
 *
 * @throws {RangeError} when it cannot be set up; that process has said why
 */
export async function setUpApart(): Promise<void> {
  const { engine } = readEngineChoice();
  if (engine !== "wasm" && (await readInstallation(tfjsNodeFolder())).state !== "ready") {
    const isThere = await runApart("set-up", "set_up.ts");
    if (!isThere) throw new RangeError("The set-up did not succeed; `deno task doctor` says what to do.");
  }
  await ensureKernelSpec();
}

/** Downloads VGG16's weights into data/ by `deno task data`, which shows its progress and says why it cannot; tells whether it could. */
export async function bringWeightsApart(): Promise<boolean> {
  return await runApart("data", "data.ts", "--only", "weights");
}

/** Runs a task of this folder with the permissions of its own set. */
async function runApart(permissions: string, program: string, ...flags: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--config", join(projectRoot, "deno.json"), `-P=${permissions}`],
      fileURLToPath(new URL(program, import.meta.url)),
      ...flags,
    ],
    stdin: "null",
  }).spawn().status;
  return success;
}

if (import.meta.main) {
  await setUp().catch((error) => {
    console.error(error.message);
    Deno.exit(1);
  });
}

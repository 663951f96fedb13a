/** Sets up what the notebooks need on a new machine: the native engine, and the Deno kernel for Jupyter front ends. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Config, type ConfigOptions, createConfig } from "../config.ts";
import { ensureEngine } from "../support/engine/install.ts";
import { ensureKernelSpec } from "../support/notebook/kernel_spec.ts";
import { projectRoot } from "../support/project.ts";

/**
 * Sets up what is missing, once, with progress. If nothing is missing, it takes no time and no network. Another program does the
 * downloads, so the caller needs no network permission.
 *
 * @throws {RangeError} if the engine cannot be set up, with the reason and what to do
 */
export async function setUp(): Promise<void> {
  await ensureEngine().catch((error) => {
    throw new RangeError(error.message, { cause: error });
  });
  await ensureKernelSpec().catch(({ message }) =>
    console.warn(`JupyterLab and VS Code will not list the kernel Deno, which no task needs. ${message}`)
  );
}

/** The configuration. If photos need weights that nobody gave, they are downloaded if possible. */
export async function withWeights(config: Config, options: ConfigOptions): Promise<Config> {
  const isWanted = config.weights === null && options.weights === undefined;
  if (!isWanted || config.data === null || !existsSync(config.data)) return config;
  if (await bringWeights()) return createConfig(options);
  console.warn(
    "Without ImageNet's weights the network starts from seeded random ones. Every result says so.\n",
  );
  return config;
}

/** Downloads VGG16's weights into data/ with `deno task data`, which shows its progress and errors. Returns whether it succeeded. */
async function bringWeights(): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--config", join(projectRoot, "deno.json"), "-P=data"],
      ...[fileURLToPath(new URL("data.ts", import.meta.url)), "--only", "weights"],
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  await child.stdout.pipeTo(Deno.stderr.writable, { preventClose: true }); // the caller may print a plan in JSON to stdout
  return (await child.status).success;
}

if (import.meta.main) {
  await setUp().catch((error) => {
    console.error(error.message);
    Deno.exit(1);
  });
}

/** A Python of the benchmark's own, with the peers at exact versions. */
import { join } from "node:path";
import { writeAtomic } from "../../lib/support/atomic.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { runCommand } from "../../lib/support/engine/command.ts";

const requirements = new URL("requirements.txt", import.meta.url);

/**
 * Makes a virtual environment with `requirements.txt` in a folder, or takes the one that is there; about 2.5 GB.
 *
 * Of PyTorch pip takes the build for CPUs (2.13.0+cpu) where one of the configured indexes has it, as PyTorch's own does; on Linux
 * the usual index has only the one with CUDA, some GB more and no faster here.
 *
 * @param python the interpreter to start from. Default: `python3`
 * @returns the path of its interpreter
 * @throws {Error} if there is no Python, or pip cannot reach an index
 */
export async function pythonWithPeers(folder: string, python = "python3"): Promise<string> {
  const windows = Deno.build.os === "windows";
  const interpreter = windows ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
  const done = join(folder, "requirements.sha256");
  const digest = sha256(await Deno.readFile(requirements));
  if (await Deno.readTextFile(done).catch(() => "") === digest) return interpreter;

  const onProgress = (line: string) => console.error(line);
  await runCommand(python, ["-m", "venv", "--clear", folder], {
    step: "making the virtual environment",
    onProgress,
  });
  await runCommand(
    interpreter,
    [
      "-m",
      "pip",
      "install",
      "--disable-pip-version-check",
      "--quiet",
      "-r",
      decodeURI(requirements.pathname),
    ],
    { step: "installing the peers", grows: folder, onProgress },
  );
  await writeAtomic(done, digest);
  return interpreter;
}

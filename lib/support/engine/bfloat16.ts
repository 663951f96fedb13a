/** Checks whether this machine can compute in bfloat16. */
import { fileURLToPath } from "node:url";
import { readEngineChoice } from "./engine_choice.ts";

const probe = fileURLToPath(new URL("./bfloat16_probe.ts", import.meta.url));

let asked: Promise<void> | undefined;

/**
 * Asks oneDNN, TensorFlow's library for convolutions, which CPU instructions it finds and may use. Takes some seconds, once in a
 * process.
 *
 * @throws {RangeError} if none of them are for bfloat16, with the cost and what to do
 */
export function checkBfloat16(): Promise<void> {
  return asked ??= ask();
}

async function ask(): Promise<void> {
  const fail = (why: string) => {
    throw new RangeError(
      `Precision bfloat16 needs a CPU with instructions for it: avx512_bf16, amx_bf16 or avx_ne_convert. ${why}. ` +
        "Leave out --precision, or take another machine. Received: bfloat16",
    );
  };
  const { engine } = readEngineChoice();
  if (engine === "wasm") fail("The WebAssembly engine has none (HAM10000_ENGINE=wasm)");
  if (engine === "webgpu") fail("On a GPU everything is computed in float32 (--engine webgpu)");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", probe],
    env: { HAM10000_ENGINE: "native", ONEDNN_VERBOSE: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) fail(`The native engine cannot be asked: ${new TextDecoder().decode(stderr).trim()}`);
  const found = instructionsIn(text);
  if (/bfloat16/.test(found ?? "")) return;
  const { float32, bfloat16 } = JSON.parse(/^\{.*\}$/m.exec(text)![0]);
  const cost = `A convolution takes ${float32.toFixed(1)} ms here in float32, ${
    bfloat16.toFixed(1)
  } ms in bfloat16`;
  fail(
    `${
      found ? `TensorFlow's oneDNN finds ${found} here` : "TensorFlow's oneDNN is off or missing here"
    }. ${cost}`,
  );
}

/** The instructions that oneDNN has logged, such as `Intel AVX2`; null if it was not in use. */
export function instructionsIn(verbose: string): string | null {
  return /^onednn_verbose,.*info,cpu,isa:(.*)$/m.exec(verbose)?.[1].trim() ?? null;
}

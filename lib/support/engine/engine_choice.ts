/** The user's choice of engine, read from the environment in this one place. */

/** The engines that a user can ask for. */
export const engineNames = ["auto", "native", "wasm", "webgpu"] as const;
export type EngineName = typeof engineNames[number];

/** The user's choices; everything has a default. */
export interface EngineChoice {
  /**
   * `auto`: native, else WebAssembly with a warning, but never a GPU. `native`: native or an error. `wasm`: WebAssembly.
   * `webgpu`: a GPU or an error.
   */
  engine: EngineName;
  /** oneDNN's kernels on or off; null leaves it to {@link oneDnnHelps}. Switching changes the last bits of results. */
  oneDnn: boolean | null;
  /** Threads inside one TensorFlow operation, at least 1. The last bits of results depend on it. */
  threads: number;
}

/** How many times slower WebAssembly is than the native engine: 9 instead of 54 images a second (VGG16 at 64×64, two cores). */
export const wasmSlowdown = 6;

/**
 * Reads `HAM10000_ENGINE` (auto | native | wasm | webgpu) and TensorFlow's own `TF_ENABLE_ONEDNN_OPTS` (0 | 1) and
 * `TF_NUM_INTRAOP_THREADS` (1–1024). An empty variable counts as absent.
 *
 * The default number of threads is the number of cores that this process may use. TensorFlow itself would count the machine's
 * cores, too many for a container that has only some of them.
 *
 * @throws RangeError for any other value, naming the variable
 */
export function readEngineChoice(environment: Record<string, string> = Deno.env.toObject()): EngineChoice {
  const read = (name: string, isValid: (value: string) => boolean, expected: string): string | null => {
    const value = environment[name]?.toLowerCase() || null;
    if (value === null || isValid(value)) return value;
    throw new RangeError(`The environment variable ${name} must be ${expected}. Received: ${value}`);
  };
  const isThreads = (value: string) => /^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 1024;
  const engine = read(
    "HAM10000_ENGINE",
    (value) => engineNames.some((name) => name === value),
    "auto, native, wasm or webgpu",
  );
  const oneDnn = read("TF_ENABLE_ONEDNN_OPTS", (value) => /^(0|1|false|true)$/.test(value), "0 or 1");
  const threads = read("TF_NUM_INTRAOP_THREADS", isThreads, "a whole number from 1 to 1024");
  return {
    engine: (engine ?? "auto") as EngineName,
    oneDnn: oneDnn === null ? null : oneDnn === "1" || oneDnn === "true",
    threads: threads === null ? navigator.hardwareConcurrency : Number(threads),
  };
}

/**
 * Whether oneDNN speeds up this machine. It does on x64 with AVX2 or AVX-512 under Linux and Windows: on AVX2, where TensorFlow
 * itself leaves it off, VGG16 at 64×64 went from 43 to 54 images a second. Elsewhere it is switched off; builds for macOS have no
 * oneDNN.
 *
 * @param cpuFlags the result of {@link readCpuFlags}. If it is null, AVX2 is assumed: nearly every processor since 2015 has it
 */
export function oneDnnHelps(platform: string, cpuFlags: string | null = readCpuFlags()): boolean {
  if (platform !== "linux-x64" && platform !== "win32-x64") return false;
  return cpuFlags === null || /\bavx2\b/.test(cpuFlags);
}

/**
 * The processor's instruction sets in Linux's names, e.g. `fma sse4_2 avx avx2`; null on other systems. Deno reads /proc only
 * with all permissions. Without them `cat` reads it, if the program may run others.
 */
export function readCpuFlags(): string | null {
  const path = "/proc/cpuinfo";
  const flagsIn = (text: string) => /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1] ?? null;
  try {
    return flagsIn(Deno.readTextFileSync(path));
  } catch (error) {
    if (Deno.build.os !== "linux" || !(error instanceof Deno.errors.NotCapable)) return null;
  }
  try {
    const { stdout } = new Deno.Command("cat", { args: [path], stderr: "null" }).outputSync();
    return flagsIn(new TextDecoder().decode(stdout));
  } catch {
    return null;
  }
}

/** Instruction sets that change TensorFlow's choice of kernels, and so the last bits of results. */
const decidingInstructions =
  /^(avx|avx2|fma|avx_vnni|avx512f|avx512bw|avx512_vnni|avx512_bf16|avx512_fp16|amx_\w+|asimd|asimdhp|bf16|sve)$/;

/**
 * Those of them that this processor has, sorted by name; empty if the system does not tell.
 *
 * @param most oneDNN's own limit, `ONEDNN_MAX_CPU_ISA`: with AVX2, a processor that has more computes like one with AVX2 alone
 */
export function cpuInstructions(
  flags: string | null = readCpuFlags(),
  most: string | undefined = Deno.env.get("ONEDNN_MAX_CPU_ISA"),
): string {
  const deciding = most === "AVX2" ? /^(avx|avx2|fma)$/ : decidingInstructions;
  const found = (flags ?? "").split(" ").filter((flag) => deciding.test(flag)).sort().join(" ");
  return most === undefined || most === "AVX2" ? found : `${found} (at most ${most})`;
}

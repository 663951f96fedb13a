/** What the user asks of the engine, read from the environment in this one place. */

/** The user's wishes; everything has a default. */
export interface EngineChoice {
  /** `auto`: native, else WebAssembly with a warning. `native`: native or an error. `wasm`: WebAssembly. */
  engine: "auto" | "native" | "wasm";
  /** oneDNN's kernels on or off; null leaves it to {@link oneDnnHelps}. Switching changes the last bits of results. */
  oneDnn: boolean | null;
  /** Threads inside one TensorFlow operation, at least 1. The last bits of results depend on it. */
  threads: number;
  /** What TensorFlow's native code may log: 0 everything, 1 warnings, 2 errors (default), 3 fatal errors only. */
  logLevel: number;
}

const engines = ["auto", "native", "wasm"] as const;

/**
 * Reads `HAM10000_ENGINE` (auto | native | wasm) and TensorFlow's own `TF_ENABLE_ONEDNN_OPTS` (0 | 1),
 * `TF_NUM_INTRAOP_THREADS` and `TF_CPP_MIN_LOG_LEVEL` (0–3). An empty variable counts as absent.
 *
 * The default number of threads is the number of cores this process may use; TensorFlow left alone would count the
 * machine's and overfill a container with a processor quota.
 *
 * @throws RangeError for a value outside these, naming the variable.
 */
export function readEngineChoice(environment: Record<string, string> = Deno.env.toObject()): EngineChoice {
  const engine = (environment.HAM10000_ENGINE || "auto").toLowerCase();
  if (!isOneOf(engines, engine)) throw wrong("HAM10000_ENGINE", "auto, native or wasm", engine);
  const oneDnn = environment.TF_ENABLE_ONEDNN_OPTS?.toLowerCase() || null;
  if (oneDnn !== null && !["0", "1", "false", "true"].includes(oneDnn)) {
    throw wrong("TF_ENABLE_ONEDNN_OPTS", "0 or 1", oneDnn);
  }
  return {
    engine,
    oneDnn: oneDnn === null ? null : oneDnn === "1" || oneDnn === "true",
    threads: wholeNumber(environment, "TF_NUM_INTRAOP_THREADS", [1, 1024]) ?? navigator.hardwareConcurrency,
    logLevel: wholeNumber(environment, "TF_CPP_MIN_LOG_LEVEL", [0, 3]) ?? 2,
  };
}

/**
 * Whether oneDNN speeds this machine up: on x64 with AVX2 or AVX-512 under Linux and Windows it does (VGG16 at 64×64 went
 * from 43 to 54 images a second on AVX2, where TensorFlow itself leaves it off). Builds for macOS have no oneDNN, and on
 * arm64 TensorFlow's own choice by processor model is kept.
 *
 * @param cpuFlags The `flags` line of `/proc/cpuinfo`; null where there is no such file: AVX2 is then taken for granted,
 *   as every processor since 2015 has it.
 */
export function oneDnnHelps(platform: string, cpuFlags: string | null = readCpuFlags()): boolean {
  if (platform !== "linux-x64" && platform !== "win32-x64") return false;
  return cpuFlags === null || /\bavx2\b/.test(cpuFlags);
}

function readCpuFlags(): string | null {
  try {
    return /^flags\s*:(.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? null;
  } catch {
    return null;
  }
}

function wholeNumber(environment: Record<string, string>, name: string, [low, high]: [number, number]) {
  const text = environment[name];
  if (!text) return null;
  const value = Number(text);
  if (!Number.isInteger(value) || value < low || value > high) {
    throw wrong(name, `a whole number from ${low} to ${high}`, text);
  }
  return value;
}

function isOneOf<T extends string>(values: readonly T[], value: string): value is T {
  return (values as readonly string[]).includes(value);
}

function wrong(name: string, expected: string, received: string): RangeError {
  return new RangeError(`The environment variable ${name} must be ${expected}. Received: ${received}`);
}

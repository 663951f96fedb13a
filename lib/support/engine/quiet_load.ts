/** Keeps TensorFlow's greeting off standard error, and nothing else. */
import { join } from "node:path";

/** Libraries loaded here stay: one that nothing refers to would be closed, and greet again when it is next loaded. */
const loaded: unknown[] = [];

/** What TensorFlow 2.21 says while it loads, whatever `TF_CPP_MIN_LOG_LEVEL` is: oneDNN is on, as asked. */
const greeting = /^WARNING: All log messages before absl::InitializeLog|oneDNN custom operations are on\./;

/**
 * Loads TensorFlow's smaller library, the one that speaks, ahead of the addon, with standard error turned into a file
 * meanwhile; every line in it but the greeting is then passed on. The log level cannot do this: the library heeds it only
 * after it has spoken. Where there is no such library (not Linux, TensorFlow 2.9), nothing happens, and nothing is said.
 */
export function loadQuietly(packageFolder: string): void {
  const path = join(packageFolder, "deps", "lib", "libtensorflow_framework.so.2");
  if (Deno.build.os !== "linux" || !isFile(path)) return;
  const captured = standardErrorOf(() => {
    try {
      loaded.push(Deno.dlopen(path, {}));
    } catch { /* loading the addon is going to fail for the same reason, and that is reported */ }
  });
  const others = captured.split("\n").filter((line) => line && !greeting.test(line));
  for (const line of others) console.error(line);
}

/** Runs `action` while what is written to file descriptor 2 goes to a temporary file, and returns what was written. */
function standardErrorOf(action: () => void): string {
  const libc = Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    dup: { parameters: ["i32"], result: "i32" },
    dup2: { parameters: ["i32", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const { open, dup, dup2, close } = libc.symbols;
  const file = Deno.makeTempFileSync({ prefix: "tensorflow-log-" });
  try {
    const target = open(new TextEncoder().encode(file + "\0"), 1); // O_WRONLY
    const standardError = dup(2);
    try {
      if (target >= 0 && standardError >= 0) dup2(target, 2);
      action();
    } finally {
      if (standardError >= 0) dup2(standardError, 2);
      for (const descriptor of [target, standardError]) if (descriptor >= 0) close(descriptor);
    }
    return Deno.readTextFileSync(file);
  } finally {
    Deno.removeSync(file);
    libc.close();
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

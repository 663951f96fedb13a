/** Ctrl+C and the system's other requests to end. */

/** Exit codes as shells know them: 128 + the signal's number. */
const exitCodes: Partial<Record<Deno.Signal, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/**
 * From now on a request to end says what `describe` gives, and ends this process at once; the kernel ends with it (see
 * kernel_host.ts). No stage needs a farewell: all are kept step by step, so that nothing is lost here that a power cut would
 * leave.
 */
export function endOnRequest(describe: () => string): void {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => {
      try {
        console.error(describe());
      } finally { // after SIGHUP there may be no terminal left to write to
        Deno.exit(exitCodes[signal]);
      }
    });
  }
}

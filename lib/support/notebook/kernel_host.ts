/**
 * A small process between the runner and the Deno kernel, so that the kernel never outlives the runner: its standard input
 * is a pipe that the system closes when the runner is gone, in whatever way, also by SIGKILL. Then the kernel is killed.
 *
 * Started as `deno run -A kernel_host.ts CONNECTION_FILE` in the notebook's folder, as the leader of a process group, with the
 * file's content on its standard input, which then stays open. This process writes the file, so that one which removes it
 * is there as soon as it is.
 */
const [connectionFile] = Deno.args;
const buffer = new Uint8Array(4096); // more than the content
const length = await Deno.stdin.read(buffer);
if (length === null) Deno.exit(0); // the runner has gone already
Deno.writeFileSync(connectionFile, buffer.subarray(0, length), { createNew: true, mode: 0o600 });
const kernel = new Deno.Command(Deno.execPath(), {
  args: ["jupyter", "--kernel", "--conn", connectionFile],
  stdin: "null",
}).spawn();

// A terminal's Ctrl+C is the runner's to handle: the host ends when the runner does.
for (const signal of Deno.build.os === "windows" ? ["SIGINT"] as const : ["SIGINT", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, () => {});
}

const runnerIsGone = (async () => {
  while ((await Deno.stdin.read(buffer).catch(() => null)) !== null);
  return null;
})();
const status = await Promise.race([runnerIsGone, kernel.status]);
try {
  Deno.removeSync(connectionFile);
} catch { /* the runner has removed it already */ }
if (status === null) {
  try {
    kernel.kill("SIGKILL");
    // The kernel's own children, too. This process is in the group and ends here.
    if (Deno.build.os !== "windows") Deno.kill(-Deno.pid, "SIGKILL");
  } catch { /* the kernel has ended in the meantime, or this process leads no group */ }
}
Deno.exit(status === null ? 0 : status.signal ? 128 + signalNumber(status.signal) : status.code);

function signalNumber(signal: string): number {
  return {
    SIGHUP: 1,
    SIGINT: 2,
    SIGILL: 4,
    SIGTRAP: 5,
    SIGABRT: 6,
    SIGBUS: 7,
    SIGFPE: 8,
    SIGKILL: 9,
    SIGSEGV: 11,
    SIGTERM: 15,
  }[signal] ?? 0;
}

/**
 * A small process between the runner and the Deno kernel, so that the kernel never outlives the runner. Its standard input is a
 * pipe, which the system closes when the runner ends, in whatever way, even by SIGKILL. Then this process kills the kernel.
 *
 * It is started as `deno run -A kernel_host.ts CONNECTION_FILE` in the notebook's folder, as the leader of a process group. The
 * runner writes the file's content to the standard input and leaves it open. This process creates the file, so that nobody else
 * has to remove it if the runner dies.
 */
const [connectionFile] = Deno.args;
const stdin = Deno.stdin.readable.getReader();
const { value: connection } = await stdin.read();
if (!connection) Deno.exit(0); // the runner has gone already
Deno.writeFileSync(connectionFile, connection, { createNew: true, mode: 0o600 });
const kernel = new Deno.Command(Deno.execPath(), {
  args: ["jupyter", "--kernel", "--conn", connectionFile],
  stdin: "null",
}).spawn();

// The runner handles a terminal's Ctrl+C: this process ends when the runner does.
const signals = Deno.build.os === "windows" ? ["SIGINT"] as const : ["SIGINT", "SIGHUP"] as const;
for (const signal of signals) Deno.addSignalListener(signal, () => {});

const runnerIsGone = stdin.read().then(() => null, () => null);
const status = await Promise.race([runnerIsGone, kernel.status]);
try {
  Deno.removeSync(connectionFile);
} catch { /* the runner has removed it already */ }
if (status === null) {
  try {
    kernel.kill("SIGKILL");
    // The kernel's own children, too. This process is in the group and ends here.
    if (Deno.build.os !== "windows") Deno.kill(-Deno.pid, "SIGKILL");
  } catch { /* the kernel has ended in the meantime */ }
}
Deno.exit(status?.code ?? 0);

/** A kernel's operating-system side: its process, its ports, its end. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A kernel's process, run by kernel_host.ts. */
export interface KernelProcess {
  /** TCP ports on 127.0.0.1. */
  ports: { shell: number; iopub: number };
  /** The key that signs messages. */
  key: string;
  /** The file from which the kernel reads its ports and key at its start. */
  connectionFile: string;
  /** Resolves when the process has ended, with a few words on how, such as `exit code 1`. Never rejects. */
  ended: Promise<string>;
  /** The last 16 kB that the process itself wrote to stdout and stderr: native libraries, crashes. */
  log(): string;
  /** Kills the process if it still runs, with everything that it has started, and waits for its end. */
  kill(): Promise<void>;
}

const hostPath = fileURLToPath(new URL("kernel_host.ts", import.meta.url));

/**
 * Starts `deno jupyter --kernel` in a folder. The kernel ends with this process, however that ends.
 *
 * @param options.env variables on top of this process's own
 */
export async function spawnKernel(
  options: { folder: string; env?: Record<string, string> },
): Promise<KernelProcess> {
  const [shell_port, iopub_port, control_port, stdin_port, hb_port] = freePorts(5);
  const key = crypto.randomUUID();
  const connectionFile = join(tmpdir(), `deno-kernel-${crypto.randomUUID()}.json`);
  const connection = {
    ...{ transport: "tcp", ip: "127.0.0.1", signature_scheme: "hmac-sha256", key, kernel_name: "deno" },
    ...{ shell_port, iopub_port, control_port, stdin_port, hb_port },
  };
  const host = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", "--no-lock", "--quiet", hostPath, connectionFile],
    cwd: options.folder,
    env: options.env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true, // a process group of its own: a terminal's Ctrl+C is for this process alone
  }).spawn();
  const stdin = host.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(JSON.stringify(connection))).catch(() => {}); // `ended` tells why
  const log = tailOf(host.stdout, host.stderr);
  const ended = host.status.then(async ({ code }) => {
    killGroup(host.pid); // if the host was killed, and for what cells have started
    await log.ended;
    return describeExit(code, log.text());
  });
  return {
    ports: { shell: shell_port, iopub: iopub_port },
    key,
    connectionFile,
    ended,
    log: log.text,
    async kill() {
      await stdin.close().catch(() => {}); // so the host kills the kernel; the pipe may be broken already
      const patience = setTimeout(() => killGroup(host.pid), 2000);
      await ended;
      clearTimeout(patience);
    },
  };
}

/** Ports that are free now. They are all bound at once, so that they differ, then released. */
function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map((listener) => listener.addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

function killGroup(leader: number): void {
  try {
    Deno.kill(Deno.build.os === "windows" ? leader : -leader, "SIGKILL");
  } catch { /* no process is left in it */ }
}

function describeExit(code: number, log: string): string {
  if (/JavaScript (heap )?out of memory/.test(log)) {
    return "out of memory, JavaScript's heap is full. Hold less at a time, or raise the limit: " +
      "DENO_V8_FLAGS=--max-old-space-size=MEGABYTES";
  }
  if (code === 0) return "exit code 0, as after Deno.exit()";
  if (code === 137) return "killed by SIGKILL; the system does that when memory runs out";
  return code > 128 ? `killed by signal ${code - 128}` : `exit code ${code}`;
}

/** Reads streams to their end and keeps the last 16 kB. */
function tailOf(...streams: ReadableStream<Uint8Array>[]): { text(): string; ended: Promise<unknown> } {
  let kept = "";
  const ended = Promise.all(streams.map(async (stream) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) kept = (kept + decoder.decode(chunk, { stream: true })).slice(-16_384);
  })).catch(() => {});
  return { text: () => kept, ended };
}

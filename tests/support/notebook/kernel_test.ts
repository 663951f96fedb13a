import assert from "node:assert/strict";
import { type Kernel, startKernel } from "../../../lib/support/notebook/kernel.ts";
import { testFolder } from "./run_cells.ts";
import { fakeEnv } from "../fakes.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** A test after which no connection and no file in the temporary folder may be left. */
function tidy(name: string, test: (folder: string) => Promise<void>): void {
  Deno.test({ name, sanitizeOps: true, sanitizeResources: true, fn: () => withTemporaryFolder(test) });
}

/** Gives a temporary folder of its own: kernels of other programs have their files elsewhere. */
async function withTemporaryFolder(test: (folder: string) => Promise<void>): Promise<void> {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  using _env = fakeEnv("TMPDIR", folder);
  await test(folder);
  assert.deepEqual(namesIn(folder), [], "left in the temporary folder");
}

const namesIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name);

/** What `ps` says of the processes that its arguments choose. */
async function ps(...args: string[]): Promise<string> {
  return new TextDecoder().decode((await new Deno.Command("ps", { args }).output()).stdout).trim();
}

/** Whether a process runs; a zombie has ended. */
async function isRunning(pid: number): Promise<boolean> {
  return /^[^Z]/.test(await ps("-o", "stat=", "-p", String(pid)));
}

/** Waits for something that must come true soon; how soon, the machine decides. */
async function comesTrue(check: () => Promise<boolean>, what: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; !await check();) {
    assert.ok(Date.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What a piece of code prints. */
async function printed(kernel: Kernel, code: string): Promise<string> {
  let text = "";
  kernel.onOutput = ({ type, content }) => void (text += type === "stream" ? content.text : "");
  await kernel.execute(code);
  return text;
}

/** A process with a kernel that computes without end, once it has printed the kernel's process id. */
function startRunner() {
  const code = `import { startKernel } from "../../../lib/support/notebook/kernel.ts";
const kernel = await startKernel({ folder: "." });
kernel.onOutput = ({ content }) => void Deno.stdout.writeSync(new TextEncoder().encode(String(content.text)));
await kernel.execute("console.log(Deno.pid)");
await kernel.execute("for (;;) {}");`;
  const args = ["eval", "--quiet", code];
  return new Deno.Command(Deno.execPath(), { args, cwd: testFolder, stdout: "piped" }).spawn();
}

tidy("a closed kernel leaves no process, no connection and no file behind", async (folder) => {
  const kernel = await startKernel({ folder: testFolder });
  assert.deepEqual(namesIn(folder), [], "a kernel that runs needs its connection file no more");
  const pid = Number(await printed(kernel, "console.log(Deno.pid)"));
  assert.ok(await isRunning(pid));
  await kernel.close();
  await kernel.close();
  assert.ok(!await isRunning(pid));
  assert.equal((await kernel.execute("1"))?.ename, "KernelDied");
});

tidy("a kernel in an endless loop is closed, too, with what its cells have started", async () => {
  const kernel = await startKernel({ folder: testFolder });
  const started = `new Deno.Command("sleep", { args: ["60"] }).spawn().pid`;
  const pids = (await printed(kernel, `console.log(Deno.pid, ${started})`)).split(" ").map(Number);
  const running = kernel.execute("for (;;) {}");
  await kernel.close();
  assert.equal((await running)?.ename, "KernelDied");
  for (const pid of pids) await comesTrue(async () => !await isRunning(pid), `process ${pid} ends`);
});

tidy("a runner that ends by a signal takes its computing kernel along, and no file is left", async () => {
  for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"] as const) {
    const runner = startRunner();
    const reader = runner.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) text += (await reader.read()).value ?? assert.fail("the runner has ended");
    const pid = Number(text);
    assert.ok(await isRunning(pid));
    runner.kill(signal);
    await runner.status;
    await comesTrue(async () => !await isRunning(pid), `the kernel ends after ${signal}`);
    while (!(await reader.read()).done);
  }
});

tidy("a runner killed while its kernel starts leaves no process and no file", async (folder) => {
  for (const wait of [0, 30, 60, 120]) { // milliseconds after the connection file is there
    const runner = startRunner();
    for (const end = Date.now() + 60_000; namesIn(folder).length === 0;) {
      assert.ok(Date.now() < end, "no connection file in a minute");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const [file] = namesIn(folder);
    await new Promise((resolve) => setTimeout(resolve, wait));
    runner.kill("SIGKILL");
    await runner.status;
    // The host closes its end of this pipe when it ends, and it waits for the kernel.
    const reader = runner.stdout.getReader();
    while (!(await reader.read()).done);
    const isGone = async () => namesIn(folder).length === 0 && !(await ps("-eo", "args=")).includes(file);
    await comesTrue(isGone, `no file and no process is left, killed after ${wait} ms`);
  }
});

tidy(
  "a kernel that cannot start is an error with what it said; so is a folder that is not there",
  async (folder) => {
    await assert.rejects(startKernel({ folder: `${testFolder}nowhere` }), /nowhere/);
    await Deno.writeTextFile(`${folder}/deno.json`, `{ "imports": 5`);
    const said = /did not start in .*first request[^]*Received: [^]*deno\.json/;
    await assert.rejects(startKernel({ folder }), said);
    await Deno.remove(`${folder}/deno.json`);
  },
);

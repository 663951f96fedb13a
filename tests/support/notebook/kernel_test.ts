import assert from "node:assert/strict";
import { type Kernel, startKernel } from "../../../lib/support/notebook/kernel.ts";
import { testFolder } from "./run_cells.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** Whether a process runs, by `ps`; a zombie has ended. */
async function isRunning(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] }).output();
  const state = new TextDecoder().decode(stdout).trim();
  return state !== "" && !state.startsWith("Z");
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function endsWithin(seconds: number, pid: number): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    if (!await isRunning(pid)) return true;
    await sleep(50);
  }
  return false;
}

/** What a piece of code prints. */
async function printed(kernel: Kernel, code: string): Promise<string> {
  let text = "";
  kernel.onOutput = ({ type, content }) => void (text += type === "stream" ? content.text : "");
  await kernel.execute(code);
  return text;
}

/** Gives a temporary folder of its own: kernels of other programs have their files elsewhere. */
async function withTemporaryFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const [before, folder] = [Deno.env.get("TMPDIR"), await Deno.makeTempDir()];
  Deno.env.set("TMPDIR", folder);
  try {
    await test(folder);
    assert.deepEqual(
      [...Deno.readDirSync(folder)].map(({ name }) => name),
      [],
      "left in the temporary folder",
    );
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(
  "a closed kernel leaves no process, no connection and no file behind",
  strict,
  () =>
    withTemporaryFolder(async (folder) => {
      const kernel = await startKernel({ folder: testFolder });
      assert.deepEqual(
        [...Deno.readDirSync(folder)],
        [],
        "a kernel that runs needs its connection file no more",
      );
      const pid = Number(await printed(kernel, "console.log(Deno.pid)"));
      assert.ok(await isRunning(pid));
      await kernel.close();
      await kernel.close();
      assert.ok(!await isRunning(pid));
      assert.equal((await kernel.execute("1"))?.ename, "KernelDied");
    }),
);

Deno.test(
  "a kernel in an endless loop is closed, too, with what its cells have started",
  strict,
  async () => {
    const kernel = await startKernel({ folder: testFolder });
    const pids = (await printed(
      kernel,
      `console.log(Deno.pid, new Deno.Command("sleep", { args: ["60"] }).spawn().pid)`,
    )).split(" ").map(Number);
    const running = kernel.execute("for (;;) {}");
    await kernel.close();
    assert.equal((await running)?.ename, "KernelDied");
    for (const pid of pids) assert.ok(await endsWithin(2, pid));
  },
);

for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"] as const) {
  Deno.test(
    `a runner that ends by ${signal} takes its computing kernel along within 2 s, and no file is left`,
    strict,
    () =>
      withTemporaryFolder(async () => {
        const runner = new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--quiet", "endless_runner.ts"],
          cwd: testFolder,
          stdout: "piped",
        }).spawn();
        const reader = runner.stdout.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        while (!text.includes("\n")) {
          text += (await reader.read()).value ?? assert.fail("the runner has ended");
        }
        const pid = Number(text);
        assert.ok(await isRunning(pid));
        runner.kill(signal);
        await runner.status;
        assert.ok(await endsWithin(2, pid));
        while (!(await reader.read()).done);
      }),
  );
}

Deno.test(
  "a runner killed while its kernel starts leaves no process and no file",
  strict,
  () =>
    withTemporaryFolder(async (folder) => {
      for (const wait of [0, 30, 60, 120]) { // milliseconds after the connection file is there
        const runner = new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--quiet", "endless_runner.ts"],
          cwd: testFolder,
          stdout: "piped",
        }).spawn();
        const files = () => [...Deno.readDirSync(folder)].map(({ name }) => name);
        let file: string | undefined;
        while (!(file = files().find((name) => name.startsWith("deno-kernel-")))) await sleep(1);
        await sleep(wait);
        runner.kill("SIGKILL");
        await runner.status;
        // The host closes its end of this pipe when it ends, and it waits for the kernel.
        const reader = runner.stdout.getReader();
        while (!(await reader.read()).done);
        const deadline = Date.now() + 5000;
        const commands = async () =>
          new TextDecoder().decode(
            (await new Deno.Command("ps", { args: ["-eo", "args="] }).output()).stdout,
          );
        while (
          (files().length > 0 || (await commands()).includes(file)) && Date.now() < deadline
        ) await sleep(50);
        assert.deepEqual(files(), [], `killed after ${wait} ms`);
        assert.ok(!(await commands()).includes(file), `a process is left, killed after ${wait} ms`);
      }
    }),
);

Deno.test(
  "a folder that is not there is named when the kernel cannot start, and no file is left",
  strict,
  () =>
    withTemporaryFolder(async () => {
      await assert.rejects(startKernel({ folder: `${testFolder}nowhere` }), /nowhere/);
    }),
);

Deno.test("a kernel that cannot start is an error with what it said", strict, async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/deno.json`, `{ "imports": 5`);
  await assert.rejects(
    startKernel({ folder }),
    /did not start in .*first request[^]*Received: [^]*deno\.json/,
  );
  await Deno.remove(folder, { recursive: true });
});

/** What the tasks of deno.json may do, where it matters: once photos and weights are there, nothing leaves this machine. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { findKernelSpec } from "../lib/support/notebook/kernel_spec.ts";
import { projectRoot } from "../lib/support/project.ts";
import { temporaryFolder } from "./support/temporary_folder.ts";
import { runDeno } from "./support/run_deno.ts";

/** The answer to a connection that a program with a task's permissions asks for. */
async function whatHappens(permissions: string, hostname: string): Promise<string> {
  await using temporary = await temporaryFolder();
  const program = join(temporary.path, "connect.ts");
  await Deno.writeTextFile(
    program,
    `await Deno.connect({ hostname: "${hostname}", port: 9 }).catch(({ name }) => console.log(name));`,
  );
  const config = ["--config", join(projectRoot, "deno.json"), `-P=${permissions}`];
  return (await runDeno(["run", "--no-prompt", "--no-check", ...config, program])).out.trim();
}

Deno.test("no task except data may connect to other machines; reproduce may connect to its kernel on this one", async () => {
  assert.equal(await whatHappens("reproduce", "127.0.0.1"), "ConnectionRefused");
  const { permissions: all } = JSON.parse(await Deno.readTextFile(join(projectRoot, "deno.json")));
  for (const permissions of Object.keys(all).filter((name) => name !== "data")) {
    assert.equal(await whatHappens(permissions, "192.0.2.1"), "NotCapable", permissions); // an address for documentation
  }
});

Deno.test("if the list of kernels is not writable, the engine is still set up, with a note", async () => {
  const env = { JUPYTER_DATA_DIR: "/dev/null/jupyter" };
  const { code, err } = await runDeno(
    ["run", "--no-prompt", "--no-check", "-q", "-P=set-up", "lib/tasks/set_up.ts"],
    { cwd: projectRoot, env },
  );
  assert.equal(code, 0, err);
  const elsewhere = await findKernelSpec({ ...Deno.env.toObject(), ...env });
  if (!elsewhere) {
    assert.match(err, /JupyterLab and VS Code will not list the kernel Deno, which no task needs/);
  }
});

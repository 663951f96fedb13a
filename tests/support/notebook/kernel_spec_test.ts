import assert from "node:assert/strict";
import { writeAtomic as write } from "../../../lib/support/atomic.ts";
import { ensureKernelSpec } from "../../../lib/support/notebook/kernel_spec.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** A test in an environment whose Jupyter folders are in a temporary one. Where they are is tested for Linux. */
function inHome(
  name: string,
  test: (home: string, env: Record<string, string>) => Promise<void>,
): void {
  Deno.test(name, { ignore: Deno.build.os !== "linux" }, async () => {
    await using temporary = await temporaryFolder();
    const home = temporary.path;
    await test(home, { HOME: home, PATH: Deno.env.get("PATH") ?? "", DENO_DIR: `${home}/deno` });
  });
}

inHome("the kernel is registered once, then found and not touched", async (home, env) => {
  const path = `${home}/.local/share/jupyter/kernels/deno/kernel.json`;
  assert.deepEqual(await ensureKernelSpec({ env }), { action: "installed", path });
  const { argv } = JSON.parse(await Deno.readTextFile(path));
  assert.deepEqual(argv.slice(1), ["jupyter", "--kernel", "--conn", "{connection_file}"]);
  const before = await Deno.stat(path);
  assert.deepEqual(await ensureKernelSpec({ env }), { action: "found", path });
  assert.deepEqual((await Deno.stat(path)).mtime, before.mtime);
});

inHome("JUPYTER_DATA_DIR and XDG_DATA_HOME say where the kernel is registered", async (home, env) => {
  const places = { JUPYTER_DATA_DIR: `${home}/a`, XDG_DATA_HOME: `${home}/b/jupyter` };
  for (const [variable, dataFolder] of Object.entries(places)) {
    const value = dataFolder.replace("/jupyter", "");
    const { action, path } = await ensureKernelSpec({ env: { ...env, [variable]: value } });
    assert.deepEqual([action, path], ["installed", `${dataFolder}/kernels/deno/kernel.json`]);
    const spec = JSON.parse(await Deno.readTextFile(path));
    assert.equal(spec.display_name, "Deno");
    assert.ok((await Deno.stat(spec.argv[0])).isFile);
  }
});

inHome("an entry of the user's own that works is kept, whatever it starts", async (home, env) => {
  const path = `${home}/data/kernels/deno/kernel.json`;
  const own = JSON.stringify({ argv: ["sh", "-c", "mine"], display_name: "My Deno" });
  await write(path, own);
  for (const variable of ["JUPYTER_DATA_DIR", "JUPYTER_PATH"]) {
    const result = await ensureKernelSpec({ env: { ...env, [variable]: `${home}/data` } });
    assert.deepEqual(result, { action: "found", path });
  }
  assert.equal(await Deno.readTextFile(path), own);
});

inHome(
  "an entry that names a Deno that is gone, or that cannot be read, is written anew",
  async (home, env) => {
    const path = `${home}/.local/share/jupyter/kernels/deno/kernel.json`;
    for (const content of [`{"argv": ["/nowhere/deno"]}`, "{"]) {
      await write(path, content);
      assert.deepEqual(await ensureKernelSpec({ env }), { action: "repaired", path });
      assert.ok((await Deno.stat(JSON.parse(await Deno.readTextFile(path)).argv[0])).isFile);
    }
  },
);

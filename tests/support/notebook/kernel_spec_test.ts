import assert from "node:assert/strict";
import { dirname } from "node:path";
import { ensureKernelSpec } from "../../../lib/support/notebook/kernel_spec.ts";

/** An environment in which Jupyter's folders are in a temporary one, and that is removed afterwards. */
async function inHome(test: (home: string, env: Record<string, string>) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await test(home, { HOME: home, PATH: Deno.env.get("PATH") ?? "", DENO_DIR: `${home}/deno` });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const isLinux = Deno.build.os === "linux";

Deno.test(
  "the kernel is registered once, then found and not touched",
  { ignore: !isLinux },
  () =>
    inHome(async (home, env) => {
      const first = await ensureKernelSpec({ env });
      const path = `${home}/.local/share/jupyter/kernels/deno/kernel.json`;
      assert.deepEqual([first.action, first.path], ["installed", path]);
      assert.match(first.message, /was registered/);
      const { argv } = JSON.parse(await Deno.readTextFile(path));
      assert.deepEqual(argv.slice(1), ["jupyter", "--kernel", "--conn", "{connection_file}"]);
      const before = await Deno.stat(path);
      const second = await ensureKernelSpec({ env });
      assert.deepEqual([second.action, second.path], ["found", path]);
      assert.deepEqual((await Deno.stat(path)).mtime, before.mtime);
    }),
);

for (const variable of ["JUPYTER_DATA_DIR", "XDG_DATA_HOME"]) {
  Deno.test(
    `${variable} says where the kernel is registered`,
    { ignore: !isLinux },
    () =>
      inHome(async (home, env) => {
        const folder = `${home}/elsewhere`;
        const { action, path } = await ensureKernelSpec({ env: { ...env, [variable]: folder } });
        const dataFolder = variable === "XDG_DATA_HOME" ? `${folder}/jupyter` : folder;
        assert.deepEqual([action, path], ["installed", `${dataFolder}/kernels/deno/kernel.json`]);
        const spec = JSON.parse(await Deno.readTextFile(path));
        assert.equal(spec.display_name, "Deno");
        assert.ok((await Deno.stat(spec.argv[0])).isFile);
      }),
  );
}

Deno.test(
  "an entry of the user's own that works is kept, whatever it starts",
  { ignore: !isLinux },
  () =>
    inHome(async (home, env) => {
      const path = `${home}/data/kernels/deno/kernel.json`;
      const own = JSON.stringify({ argv: ["sh", "-c", "mine"], display_name: "My Deno" });
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(path, own);
      assert.equal(
        (await ensureKernelSpec({ env: { ...env, JUPYTER_DATA_DIR: `${home}/data` } })).action,
        "found",
      );
      assert.equal((await ensureKernelSpec({ env: { ...env, JUPYTER_PATH: `${home}/data` } })).path, path);
      assert.equal(await Deno.readTextFile(path), own);
    }),
);

for (
  const [name, content] of [["names a Deno that is gone", `{"argv": ["/nowhere/deno"]}`], [
    "cannot be read",
    "{",
  ]]
) {
  Deno.test(`an entry that ${name} is written anew`, { ignore: !isLinux }, () =>
    inHome(async (home, env) => {
      const path = `${home}/.local/share/jupyter/kernels/deno/kernel.json`;
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(path, content);
      const { action } = await ensureKernelSpec({ env });
      assert.equal(action, "repaired");
      assert.ok((await Deno.stat(JSON.parse(await Deno.readTextFile(path)).argv[0])).isFile);
    }));
}

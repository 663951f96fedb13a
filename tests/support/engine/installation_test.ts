import assert from "node:assert/strict";
import { join } from "node:path";
import {
  addonPath,
  readInstallation,
  recordInstallation,
  recordName,
} from "../../../lib/support/engine/installation.ts";

const library = "deps/lib/libtensorflow.so.2";

/** A package folder with a library of 2 MB, linked under a second name, and an addon, recorded. */
async function recordedPackage(): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir();
  for (const path of [library, addonPath]) await Deno.mkdir(join(folder, path, ".."), { recursive: true });
  await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify({ version: "4.22.0" }));
  await Deno.writeFile(join(folder, library), new Uint8Array(2e6).fill(7));
  await Deno.symlink("libtensorflow.so.2", join(folder, "deps", "lib", "libtensorflow.so"));
  await Deno.writeTextFile(join(folder, addonPath), "an addon");
  await recordInstallation(folder, { way: "official", tensorflow: "2.9.1" });
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

Deno.test("a record lists every file with its size and digest and identifies a complete engine", async () => {
  await using made = await recordedPackage();
  const state = await readInstallation(made.folder, { thorough: true });
  assert.ok(state.state === "ready");
  const { way, tensorflow, tfjs, files } = state.installation;
  assert.deepEqual([way, tensorflow, tfjs], ["official", "2.9.1", "4.22.0"]);
  assert.deepEqual(Object.keys(files).sort(), ["deps/lib/libtensorflow.so", library, addonPath]);
  assert.equal(files[library].bytes, 2e6);
  assert.match(files[library].sha256, /^[0-9a-f]{64}$/);
  assert.deepEqual(files["deps/lib/libtensorflow.so"], files[library]);

  await Deno.remove(join(made.folder, recordName));
  assert.deepEqual(await readInstallation(made.folder), { state: "none" });
});

const write = (path: string, text: string) => (folder: string) =>
  Deno.writeTextFile(join(folder, path), text);

const damages: Record<string, { damage: (folder: string) => Promise<void>; says: RegExp }> = {
  "a missing library": {
    damage: (folder) => Deno.remove(join(folder, library)),
    says: /libtensorflow.* is missing/,
  },
  "a cut library": {
    damage: (folder) => Deno.truncate(join(folder, library), 1e6),
    says: /has 1000000 bytes instead of 2000000/,
  },
  "an addon of the same size with other bytes": {
    damage: write(addonPath, "an ADDON"),
    says: /tfjs_binding\.node was changed/,
  },
  "an engine of another system": {
    damage: write(recordName, '{"platform": "plan9-mips", "files": {"a": {}}}'),
    says: /installed for plan9-mips/,
  },
  "a record that is no JSON": { damage: write(recordName, "{"), says: /cannot be read/ },
  "a record without files": { damage: write(recordName, "{}"), says: /lists no files/ },
};

for (const [what, { damage, says }] of Object.entries(damages)) {
  Deno.test(`${what} is found at every start`, async () => {
    await using made = await recordedPackage();
    await damage(made.folder);
    const state = await readInstallation(made.folder);
    assert.ok(state.state === "broken", `state is ${state.state}`);
    assert.match(state.why, says);
  });
}

Deno.test("a library of the same size with other bytes is found only by the thorough check", async () => {
  await using made = await recordedPackage();
  await Deno.writeFile(join(made.folder, library), new Uint8Array(2e6).fill(8));
  assert.equal((await readInstallation(made.folder)).state, "ready");
  const state = await readInstallation(made.folder, { thorough: true });
  assert.ok(state.state === "broken" && state.why.includes("was changed"));
});

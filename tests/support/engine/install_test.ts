import assert from "node:assert/strict";
import { join } from "node:path";
import { ensureEngine, installEngine, whyNotNative } from "../../../lib/support/engine/install.ts";
import {
  addonPath,
  readInstallation,
  recordName,
  tfjsNodeFolder,
  type Way,
} from "../../../lib/support/engine/installation.ts";
import { copyPackage } from "./package_copy.ts";

const source = tfjsNodeFolder();
const ignore = (await readInstallation(source)).state !== "ready"; // these tests borrow the installed libraries

/** A way that links the libraries installed here and copies the addon; it counts its calls. */
function borrow({ spoil = false, delay = 0 } = {}): Way & { calls: number } {
  return {
    name: "wheel",
    title: "borrowing",
    calls: 0,
    obstacle: () => Promise.resolve(null),
    async install(_packageFolder, stage) {
      this.calls++;
      await new Promise((resolve) => setTimeout(resolve, delay));
      await putEngine(stage, { spoil });
    },
  };
}

async function putEngine(folder: string, { spoil = false, addon = true } = {}): Promise<void> {
  const lib = join(folder, "deps", "lib");
  await Deno.mkdir(lib, { recursive: true });
  for (const { name } of Deno.readDirSync(join(source, "deps", "lib"))) {
    await Deno.symlink(Deno.realPathSync(join(source, "deps", "lib", name)), join(lib, name));
  }
  if (!addon) return;
  await Deno.mkdir(join(folder, addonPath, ".."), { recursive: true });
  if (spoil) await Deno.writeTextFile(join(folder, addonPath), "not an addon");
  else await Deno.copyFile(join(source, addonPath), join(folder, addonPath));
}

/** Installs quietly; returns the record and the lines of progress. */
async function install(packageFolder: string, ways: Way[], retry = true) {
  const lines: string[] = [];
  const onProgress = (line: string) => lines.push(line);
  return { installation: await installEngine({ packageFolder, ways, onProgress, retry }), lines };
}

/** What installing adds to a package, but for the lock. */
function added(folder: string): string[] {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  return names.filter((name) => /^(deps|lib|.*native-engine.*(?<!\.lock))$/.test(name));
}

const whole = ["deps", "lib", recordName];

Deno.test({
  name: "an engine is installed once; the second call reads its record",
  ignore,
  async fn() {
    await using copy = await copyPackage();
    const way = borrow();
    const { installation, lines } = await install(copy.folder, [way]);
    assert.equal(installation.way, "wheel");
    assert.match(
      lines.join("\n"),
      /setting up by borrowing; this happens once[^]*TensorFlow [\d.]+ is ready after/,
    );
    assert.deepEqual(added(copy.folder), whole);
    assert.deepEqual(await install(copy.folder, [way]), { installation, lines: [] });
    assert.equal(way.calls, 1);
  },
});

Deno.test({
  name: "what an interrupted installation left is cleared away and made again",
  ignore,
  async fn() {
    await using copy = await copyPackage();
    await Deno.mkdir(join(copy.folder, ".native-engine-interrupted", "deps"), { recursive: true });
    await putEngine(copy.folder, { addon: false }); // stopped between the two moves
    const way = borrow();
    await install(copy.folder, [way]);
    assert.equal(way.calls, 1);
    assert.deepEqual(added(copy.folder), whole);
  },
});

Deno.test({
  name: "an engine that is there without a record is tried and taken over, or replaced",
  ignore,
  async fn() {
    await using copy = await copyPackage();
    await putEngine(copy.folder);
    assert.equal((await install(copy.folder, [])).installation.way, "found");

    await Deno.remove(join(copy.folder, recordName));
    await Deno.writeTextFile(join(copy.folder, addonPath), "not an addon");
    const replaced = await install(copy.folder, [borrow()]);
    assert.equal(replaced.installation.way, "wheel");
    assert.match(replaced.lines[0], /the engine found there does not work \(.*installing it again/);
  },
});

Deno.test({
  name: "in a package that cannot be written a working engine is used as it is",
  ignore,
  async fn() {
    await using copy = await copyPackage();
    await Deno.mkdir(join(copy.folder, ".native-engine.lock")); // in the way of the lock, as a foreign owner would be
    await assert.rejects(install(copy.folder, [borrow()]), /holds no engine that works.*may not write there/);
    await putEngine(copy.folder);
    assert.equal((await install(copy.folder, [])).installation.way, "found");
    assert.equal((await readInstallation(copy.folder)).state, "none");
  },
});

Deno.test({
  name: "a damaged addon is replaced",
  ignore,
  async fn() {
    await using copy = await copyPackage();
    await install(copy.folder, [borrow()]);
    const addon = join(copy.folder, addonPath);
    const bytes = await Deno.readFile(addon);
    bytes[bytes.length >> 1] ^= 1;
    await Deno.writeFile(addon, bytes);
    const { lines } = await install(copy.folder, [borrow()]);
    assert.match(lines[0], /damaged: .*tfjs_binding\.node was changed.*installing it again/);
    assert.deepEqual(await Deno.readFile(addon), await Deno.readFile(join(source, addonPath)));
  },
});

Deno.test({
  name: "an engine that does not compute is never put in place; the next way is tried",
  ignore,
  async fn() {
    await using copy = await copyPackage();
    await assert.rejects(install(copy.folder, [borrow({ spoil: true })]));
    assert.deepEqual(added(copy.folder), ["native-engine-failure.json"]);
    const { installation, lines } = await install(copy.folder, [borrow({ spoil: true }), borrow()]);
    assert.equal(installation.way, "wheel");
    assert.match(lines.join("\n"), /borrowing failed after \d+ s: trying the native engine/);
    assert.deepEqual(added(copy.folder), whole);
  },
});

Deno.test({
  name: "of two at once one installs and the other waits, saying so",
  ignore,
  async fn() {
    await using copy = await copyPackage();
    const way = borrow({ delay: 500 });
    const both = await Promise.all([install(copy.folder, [way]), install(copy.folder, [way])]);
    assert.equal(way.calls, 1);
    assert.deepEqual(both[0].installation, both[1].installation);
    const waiting = both.filter(({ lines }) =>
      lines.includes("another process is setting the engine up; waiting for it")
    );
    assert.equal(waiting.length, 1);
  },
});

Deno.test("where no way leads there, each one's obstacle is named, and is not run into again for an hour", async () => {
  await using copy = await copyPackage();
  let asked = 0;
  const blocked = (title: string, obstacle: string): Way => ({
    ...borrow(),
    title,
    obstacle: () => Promise.resolve((asked++, obstacle)),
  });
  const ways = [blocked("the first way", "no network"), blocked("the second way", "no compiler")];
  const reasons = "- the first way: no network\n {2}- the second way: no compiler\n.*doctor --repair";
  await assert.rejects(install(copy.folder, ways), new RegExp(`is not installed:\n {2}${reasons}`));
  await assert.rejects(install(copy.folder, ways, false), new RegExp(`tried 0 minutes ago[^]*${reasons}`));
  assert.equal(asked, 2);
  await assert.rejects(install(copy.folder, ways), new RegExp(reasons));
  assert.equal(asked, 4);
});

Deno.test("setting up before a run leaves the choice to the environment", async () => {
  await using copy = await copyPackage();
  const before = Deno.env.get("HAM10000_ENGINE");
  const warn = console.warn;
  const warnings: string[] = [];
  console.warn = (line: string) => warnings.push(line);
  try {
    const options = { packageFolder: copy.folder, ways: [], onProgress() {} };
    Deno.env.set("HAM10000_ENGINE", "wasm");
    assert.equal(await ensureEngine(options), null);
    assert.match(await whyNotNative(options) ?? "", /HAM10000_ENGINE=wasm asks for WebAssembly/);
    assert.deepEqual(warnings, []);
    Deno.env.set("HAM10000_ENGINE", "auto");
    assert.equal(await ensureEngine(options), null);
    assert.match(warnings.join(), /WebAssembly computes, about 6 times slower/);
    Deno.env.set("HAM10000_ENGINE", "native");
    await assert.rejects(ensureEngine(options), /The native TensorFlow engine is not installed/);
  } finally {
    console.warn = warn;
    if (before === undefined) Deno.env.delete("HAM10000_ENGINE");
    else Deno.env.set("HAM10000_ENGINE", before);
  }
});

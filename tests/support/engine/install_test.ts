import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { ensureEngine, installEngine, whyNotNative } from "../../../lib/support/engine/install.ts";
import {
  addonPath,
  readInstallation,
  recordInstallation,
  recordName,
  tfjsNodeFolder,
  type Way,
} from "../../../lib/support/engine/installation.ts";
import { diagnoseNative } from "../../../lib/tasks/doctor.ts";
import { projectRoot } from "../../../lib/support/project.ts";
import { runDeno } from "../run_deno.ts";
import { copyPackage } from "./package_copy.ts";
import { fakeEnv } from "../fakes.ts";

const source = tfjsNodeFolder();
const ignore = (await readInstallation(source)).state !== "ready";

/** A test on a package without an engine. */
function testOnPackage(name: string, run: (folder: string) => Promise<void>, options = {}): void {
  const fn = async () => {
    await using copy = await copyPackage();
    await run(copy.folder);
  };
  Deno.test({ name, fn, ...options });
}

/** The same with an engine that is borrowed from the one that is installed here. */
function testOnEngine(name: string, run: (folder: string) => Promise<void>): void {
  testOnPackage(name, run, { ignore });
}

/** A way that puts the borrowed engine there; it counts its calls. */
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

/** A way that something stands in, or nothing; it counts how often that is asked. */
function blocked(title: string, obstacle: string | null): Way & { asked: number } {
  return {
    name: "wheel",
    title,
    asked: 0,
    obstacle() {
      this.asked++;
      return Promise.resolve(obstacle);
    },
    install: () => Promise.reject(new Error("not called")),
  };
}

/** Links the libraries and copies the addon. */
async function putEngine(folder: string, { spoil = false, addon = true } = {}): Promise<void> {
  for (const path of ["deps/lib", dirname(addonPath)]) {
    await Deno.mkdir(join(folder, path), { recursive: true });
  }
  for (const { name } of Deno.readDirSync(join(source, "deps", "lib"))) {
    await Deno.symlink(join(source, "deps", "lib", name), join(folder, "deps", "lib", name));
  }
  if (spoil) await Deno.writeTextFile(join(folder, addonPath), "not an addon");
  else if (addon) await Deno.copyFile(join(source, addonPath), join(folder, addonPath));
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

testOnEngine("an engine is installed once; the second call reads its record", async (folder) => {
  const way = borrow();
  const { installation, lines } = await install(folder, [way]);
  assert.equal(installation.way, "wheel");
  const said = /setting up by borrowing; this happens once[^]*TensorFlow [\d.]+ is ready after/;
  assert.match(lines.join("\n"), said);
  assert.deepEqual(added(folder), whole);
  assert.deepEqual(await install(folder, [way]), { installation, lines: [] });
  assert.equal(way.calls, 1);
});

testOnEngine("what an interrupted installation left is cleared away and made again", async (folder) => {
  await Deno.mkdir(join(folder, ".native-engine-interrupted", "deps"), { recursive: true });
  await putEngine(folder, { addon: false }); // stopped between the two moves
  const way = borrow();
  await install(folder, [way]);
  assert.equal(way.calls, 1);
  assert.deepEqual(added(folder), whole);
});

testOnEngine(
  "an engine without a record is tried, then kept or replaced",
  async (folder) => {
    await putEngine(folder);
    assert.equal((await install(folder, [])).installation.way, "found");

    await Deno.remove(join(folder, recordName));
    await Deno.writeTextFile(join(folder, addonPath), "not an addon");
    const replaced = await install(folder, [borrow()]);
    assert.equal(replaced.installation.way, "wheel");
    assert.match(replaced.lines[0], /the engine found there does not work \(.*installing it again/);
  },
);

testOnEngine("a damaged addon is replaced", async (folder) => {
  await install(folder, [borrow()]);
  const addon = join(folder, addonPath);
  const bytes = await Deno.readFile(addon);
  bytes[bytes.length >> 1] ^= 1;
  await Deno.writeFile(addon, bytes);
  const { lines } = await install(folder, [borrow()]);
  assert.match(lines[0], /damaged: .*tfjs_binding\.node was changed.*installing it again/);
  assert.deepEqual(await Deno.readFile(addon), await Deno.readFile(join(source, addonPath)));
});

testOnEngine(
  "an engine that does not compute is never installed; the next way is tried",
  async (folder) => {
    await assert.rejects(install(folder, [borrow({ spoil: true })]));
    assert.deepEqual(added(folder), ["native-engine-failure.json"]);
    const { installation, lines } = await install(folder, [borrow({ spoil: true }), borrow()]);
    assert.equal(installation.way, "wheel");
    assert.match(lines.join("\n"), /borrowing failed after \d+ s: trying the native engine/);
    assert.deepEqual(added(folder), whole);
  },
);

testOnEngine("of two at once one installs and the other waits, saying so", async (folder) => {
  const way = borrow({ delay: 500 });
  const both = await Promise.all([install(folder, [way]), install(folder, [way])]);
  assert.equal(way.calls, 1);
  assert.deepEqual(both[0].installation, both[1].installation);
  const waits = "another process is setting the engine up; waiting for it";
  assert.equal(both.filter(({ lines }) => lines.includes(waits)).length, 1);
});

testOnPackage(
  "if no way works, the reason for each is given, and none is tried again for an hour",
  async (folder) => {
    const ways = [blocked("the first way", "no network"), blocked("the second way", "no compiler")];
    const reasons = "- the first way: no network\n {2}- the second way: no compiler\n.*doctor --repair";
    await assert.rejects(install(folder, ways), new RegExp(`is not installed:\n {2}${reasons}`));
    await assert.rejects(
      install(folder, ways, false),
      new RegExp(`tried within the last hour[^]*${reasons}`),
    );
    assert.equal(ways[0].asked, 1);
    await assert.rejects(install(folder, ways), new RegExp(reasons));
    assert.equal(ways[0].asked, 2);
  },
);

testOnPackage("a package that cannot be written to is named", async (folder) => {
  await Deno.mkdir(join(folder, ".native-engine.lock")); // in the way of the lock, as a foreign owner would be
  await assert.rejects(install(folder, [borrow()]), /is not installed:\n.*tfjs-node cannot be written to \(/);
});

testOnPackage(
  "the engine's state (whole, damaged, possible, impossible) is found without loading it",
  async (packageFolder) => {
    const look = async (ways: Way[] = [], required = false) => {
      const { status, text } = await diagnoseNative({ packageFolder, ways, required });
      return { doctor: `${status}: ${text}`, whyNot: await whyNotNative({ packageFolder, ways }) };
    };
    const open = await look([
      blocked("a way", "closed"),
      blocked("another way", null),
      blocked("a third", null),
    ]);
    assert.match(
      open.doctor,
      /^note: native: its first use sets it up, in about a minute: another way, else a third$/,
    );
    assert.equal(open.whyNot, null);

    const shut = [blocked("a way", "no compiler")];
    const { doctor, whyNot } = await look(shut);
    assert.match(
      doctor,
      /^note: WebAssembly, about 6 times slower.*\n *- a way: no compiler\n.*doctor --repair/,
    );
    assert.match(whyNot ?? "", /^The native TensorFlow engine is not installed:\n *- a way: no compiler\n/);
    assert.match((await look(shut, true)).doctor, /^broken: /);

    await assert.rejects(install(packageFolder, [blocked("a way", "no disk")]));
    const remembered = await look([blocked("a way", null)]);
    for (const said of Object.values(remembered)) assert.match(said ?? "", /a way: no disk\n/);
    await Deno.remove(join(packageFolder, "native-engine-failure.json"));

    for (const path of ["deps/lib", dirname(addonPath)]) {
      await Deno.mkdir(join(packageFolder, path), {
        recursive: true,
      });
    }
    await Deno.writeTextFile(join(packageFolder, addonPath), "addon");
    assert.match((await look()).doctor, /^note: native: found in the package folder/);

    await recordInstallation(packageFolder, { way: "official", tensorflow: "2.9.1" });
    const text = "native: tfjs-node 4.22.0 on TensorFlow 2.9.1, tfjs-node's ready-made build";
    assert.deepEqual(await look(), { doctor: `ok: ${text}`, whyNot: null });
    await Deno.writeTextFile(join(packageFolder, addonPath), "other");
    const damaged = await look();
    assert.match(damaged.doctor, /^broken: native, but damaged: .*was changed/);
    assert.equal(damaged.whyNot, null); // the next start repairs it
    await assert.rejects(install(packageFolder, [blocked("a way", "no repair")]));
    assert.match((await look()).whyNot ?? "", /a way: no repair/); // or has tried to
  },
);

testOnPackage(
  "a task without permission to start programs installs nothing and records no failure",
  async (folder) => {
    const program = `${folder}/try.ts`;
    const module = new URL("../../../lib/support/engine/install.ts", import.meta.url).href;
    await Deno.writeTextFile(
      program,
      `import { installEngine } from ${JSON.stringify(module)};
    await installEngine({ packageFolder: ${
        JSON.stringify(folder)
      } }).catch(({ message }) => console.log(message));`,
    );
    const before = added(folder);
    const config = ["--config", join(projectRoot, "deno.json"), "-P=classify"];
    const { out } = await runDeno(["run", "--no-prompt", "--no-check", "-q", ...config, program]);
    assert.match(out, /this task has no permission to start the programs/);
    assert.match(out, /deno task doctor --repair/);
    assert.deepEqual(added(folder), before);
  },
);

testOnPackage("setting up before a run leaves the choice to the environment", async (packageFolder) => {
  using _env = fakeEnv("HAM10000_ENGINE", "wasm");
  const warn = console.warn;
  const warnings: string[] = [];
  console.warn = (line: string) => warnings.push(line);
  try {
    const options = { packageFolder, ways: [], onProgress() {} };
    assert.equal(await ensureEngine(options), null);
    assert.match(
      await whyNotNative(options) ?? "",
      /HAM10000_ENGINE=wasm, or --engine wasm, asks for WebAssembly/,
    );
    assert.deepEqual(warnings, []);
    Deno.env.set("HAM10000_ENGINE", "auto");
    assert.equal(await ensureEngine(options), null);
    assert.match(warnings.join(), /WebAssembly computes, about 6 times slower/);
    Deno.env.set("HAM10000_ENGINE", "native");
    await assert.rejects(ensureEngine(options), /The native TensorFlow engine is not installed/);
  } finally {
    console.warn = warn;
  }
});

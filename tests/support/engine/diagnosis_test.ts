import assert from "node:assert/strict";
import { join } from "node:path";
import { describeSettings, diagnoseNative } from "../../../lib/support/engine/diagnosis.ts";
import { installEngine, whyNotNative } from "../../../lib/support/engine/install.ts";
import {
  addonPath,
  describeInstallation,
  recordInstallation,
  type Way,
} from "../../../lib/support/engine/installation.ts";
import { copyPackage } from "./package_copy.ts";

const way = (obstacle: string | null): Way => ({
  name: "wheel",
  title: "a way",
  obstacle: () => Promise.resolve(obstacle),
  install: () => Promise.reject(new Error("not called")),
});

/** What the doctor says of a package: `status: text`, and what a task that needs the native engine hears. */
async function look(packageFolder: string, ways: Way[] = [], required = false) {
  const { status, text } = await diagnoseNative({ packageFolder, ways, required });
  return { finding: `${status}: ${text}`, why: await whyNotNative({ packageFolder, ways }) };
}

Deno.test("the diagnosis tells a way to the engine, the lack of one, a whole engine and a damaged one", async () => {
  await using copy = await copyPackage();
  const open = await look(copy.folder, [way("closed"), way(null)]);
  assert.match(open.finding, /^note: native: its first use sets it up, in about a minute: a way$/);
  assert.equal(open.why, null);

  const shut = await look(copy.folder, [way("no compiler")]);
  assert.match(
    shut.finding,
    /^note: WebAssembly, about 6 times slower.*\n *- a way: no compiler\n.*doctor --repair/,
  );
  assert.match(shut.why ?? "", /^The native TensorFlow engine is not installed:\n *- a way: no compiler\n/);
  assert.match((await look(copy.folder, [way("no compiler")], true)).finding, /^broken: /);

  await assert.rejects(
    installEngine({ packageFolder: copy.folder, ways: [way("no disk")], onProgress() {} }),
  );
  const remembered = await look(copy.folder, [way(null)]);
  for (const said of [remembered.finding, remembered.why]) assert.match(said ?? "", /a way: no disk\n/);

  await Deno.mkdir(join(copy.folder, "deps", "lib"), { recursive: true });
  await Deno.mkdir(join(copy.folder, addonPath, ".."), { recursive: true });
  await Deno.writeTextFile(join(copy.folder, addonPath), "addon");
  assert.match((await look(copy.folder)).finding, /^note: native: put there by other means/);

  const facts = { way: "official", tensorflow: "2.9.1" } as const;
  await recordInstallation(copy.folder, await describeInstallation(copy.folder, facts));
  assert.deepEqual(await look(copy.folder), {
    finding: "ok: native: tfjs-node 4.22.0 on TensorFlow 2.9.1, tfjs-node's ready-made build",
    why: null,
  });
  await Deno.writeTextFile(join(copy.folder, addonPath), "other");
  const damaged = await look(copy.folder);
  assert.match(damaged.finding, /^broken: native, but damaged: .*was changed/);
  assert.equal(damaged.why, null); // the next start repairs it
});

Deno.test("the settings are told in one line", () => {
  const settings = describeSettings({ engine: "auto", oneDnn: null, threads: 4 });
  assert.equal(settings.text, "HAM10000_ENGINE=auto, oneDNN where it helps, 4 threads");
  assert.match(describeSettings({ engine: "native", oneDnn: false, threads: 4 }).text, /oneDNN off as asked/);
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { addonPath } from "../../../lib/support/engine/addon.ts";
import { describeSettings, diagnoseNative } from "../../../lib/support/engine/diagnosis.ts";
import { installEngine } from "../../../lib/support/engine/install.ts";
import type { Way } from "../../../lib/support/engine/install_way.ts";
import { recordInstallation } from "../../../lib/support/engine/installation.ts";
import { copyPackage } from "./package_copy.ts";

const way = (obstacle: string | null): Way => ({
  name: "wheel",
  title: "a way",
  obstacle: () => Promise.resolve(obstacle),
  install: () => Promise.reject(new Error("not called")),
});

Deno.test("the diagnosis tells a way to the engine, the lack of one, a whole engine and a damaged one", async () => {
  await using copy = await copyPackage();
  const open = await diagnoseNative(copy.folder, { ways: [way("closed"), way(null)] });
  assert.match(`${open.status}: ${open.text}`, /^note: native, to be set up by a way/);

  const shut = await diagnoseNative(copy.folder, { ways: [way("no network")] });
  assert.match(
    `${shut.status}: ${shut.text}`,
    /^note: WebAssembly, about 6 times slower[^]*a way: no network$/,
  );
  assert.match(shut.todo ?? "", /doctor --repair/);
  const required = await diagnoseNative(copy.folder, { ways: [way("no network")], required: true });
  assert.equal(required.status, "broken");

  await assert.rejects(
    installEngine({ packageFolder: copy.folder, ways: [way("no disk")], onProgress() {} }),
  );
  const remembered = await diagnoseNative(copy.folder, { ways: [way(null)] });
  assert.match(remembered.text, /a way: no disk$/);

  await Deno.mkdir(join(copy.folder, "deps", "lib"), { recursive: true });
  await Deno.mkdir(join(copy.folder, addonPath, ".."), { recursive: true });
  await Deno.writeTextFile(join(copy.folder, addonPath), "addon");
  assert.match((await diagnoseNative(copy.folder)).text, /put there by other means/);
  await recordInstallation(copy.folder, { way: "official", tensorflow: "2.9.1" });
  const whole = await diagnoseNative(copy.folder);
  assert.match(
    `${whole.status}: ${whole.text}`,
    /^ok: native: tfjs-node 4\.22\.0 on TensorFlow 2\.9\.1, installed by/,
  );
  await Deno.writeTextFile(join(copy.folder, addonPath), "other");
  const damaged = await diagnoseNative(copy.folder);
  assert.match(`${damaged.status}: ${damaged.text}`, /^broken: native, but damaged: .*was changed/);
});

Deno.test("the settings are told in one line", () => {
  const settings = describeSettings({ engine: "auto", oneDnn: null, threads: 4, logLevel: 2 });
  assert.equal(settings.text, "HAM10000_ENGINE=auto, oneDNN where it helps, 4 threads");
  const off = describeSettings({ engine: "native", oneDnn: false, threads: 4, logLevel: 2 });
  assert.match(off.text, /oneDNN off as asked/);
});

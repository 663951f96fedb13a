import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDataOptions } from "../../lib/tasks/data.ts";
import { type FakeDataverse, fakeDataverse, holdsAll } from "../support/download/fake_dataverse.ts";
import { noise, serve } from "../support/download/server.ts";

const task = fileURLToPath(new URL("../../lib/tasks/data.ts", import.meta.url));

/** The task in a process of its own. */
function start(...args: string[]): Deno.ChildProcess {
  // No proxy: the server is on this machine.
  const env = { NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" };
  const command = ["run", "-A", "--no-check", task, ...args];
  return new Deno.Command(Deno.execPath(), { args: command, env, stdout: "piped", stderr: "piped" }).spawn();
}

async function ended(process: Deno.ChildProcess): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

async function trial(
  options: Parameters<typeof fakeDataverse>[0],
  test: (dataverse: FakeDataverse, folder: string, flags: string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  await using dataverse = fakeDataverse(options);
  try {
    await test(dataverse, folder, ["--only", "images", "--out", folder, "--data-url", `${dataverse.base}/`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits until an archive has partly come; its bytes then. */
async function partlyThere(folder: string, least: number): Promise<number> {
  const part = join(folder, ".download", "HAM10000_images_part_1.zip.part");
  for (let i = 0; i < 200; i++) {
    const { size } = await Deno.stat(part).catch(() => ({ size: 0 }));
    if (size >= least) return size;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return assert.fail(`${part} did not grow`);
}

Deno.test("flags are read, addresses lose their last slash, and the rest is as documented", () => {
  const options = parseDataOptions(["--only", "images", "--data-url", "http://mirror.example/dataverse/"]);
  assert.deepEqual([options.images, options.weights, options.out, options.guest], [true, false, null, null]);
  assert.equal(options.dataUrl, "http://mirror.example/dataverse");
  assert.equal(parseDataOptions([]).dataUrl, "https://dataverse.harvard.edu");
  const guest = { name: "A", email: "a@b.c", institution: "D", position: "E" };
  const flags = Object.entries(guest).flatMap(([flag, value]) => [`--${flag}`, value]);
  assert.deepEqual(parseDataOptions(flags).guest, guest);
});

Deno.test("flags that cannot be are refused with what was expected", () => {
  for (
    const [args, message] of [
      [["--only", "photos"], /--only is images or weights\. Received: photos/],
      [["--data-url", "dataverse.harvard.edu"], /--data-url is an address that begins with https:\/\//],
      [["--weights-url", "file:///etc"], /--weights-url is an address/],
      [["--name", "A", "--email", "a@b.c"], /go together\. Received: some of them/],
      [["--ouput", "x"], /Unknown option.*deno task data \[flags\]/s],
    ] as [string[], RegExp][]
  ) {
    assert.throws(
      () => parseDataOptions(args),
      (error) => error instanceof RangeError && message.test(error.message),
    );
  }
});

Deno.test("all comes, nothing is left beside it; the second run is quick and asks nobody", async () => {
  await trial({}, async (dataverse, folder, flags) => {
    const first = await ended(start(...flags));
    assert.equal(first.code, 0, first.err);
    assert.match(first.out, /CC BY-NC 4\.0.*complete: 8 photos/s);
    assert.ok(await holdsAll(folder, dataverse));
    assert.ok(await Deno.stat(join(folder, ".download")).then(() => false, () => true));
    const asked = dataverse.server.asked.length;
    const began = performance.now();
    const second = await ended(start(...flags));
    assert.equal(second.code, 0, second.err);
    assert.match(second.out, /nothing to do/);
    assert.equal(dataverse.server.asked.length, asked);
    assert.ok(performance.now() - began < 10_000);
  });
});

Deno.test("killed half-way, the next run goes on from what had come", async () => {
  await trial({ photoBytes: 60_000 }, async (dataverse, folder, flags) => {
    const archive = dataverse.stored["HAM10000_images_part_1.zip"];
    archive.slow = 100;
    const process = start(...flags);
    const size = await partlyThere(folder, 40_000);
    process.kill("SIGKILL");
    await ended(process);
    archive.slow = 0;
    const { code, out, err } = await ended(start(...flags));
    assert.equal(code, 0, err);
    const before = /part_1\.zip: (\d+) kB are there from before; going on from there/.exec(out);
    assert.ok(before && Number(before[1]) * 1000 >= size - 500, out);
    assert.ok(await holdsAll(folder, dataverse));
  });
});

Deno.test({
  name: "Ctrl-C keeps what has come and says so; the next run goes on",
  ignore: Deno.build.os === "windows", // cannot send the signal
  fn: () =>
    trial({ photoBytes: 60_000 }, async (dataverse, folder, flags) => {
      const archive = dataverse.stored["HAM10000_images_part_1.zip"];
      archive.slow = 100;
      const process = start(...flags);
      await partlyThere(folder, 40_000);
      process.kill("SIGINT");
      const { code, err } = await ended(process);
      assert.equal(code, 130, err);
      assert.match(
        err,
        /part_1\.zip: interrupted\. \d+ kB are kept in .*\.part; running this again goes on from there/,
      );
      archive.slow = 0;
      const again = await ended(start(...flags));
      assert.match(again.out, /are there from before; going on/, again.err);
      assert.ok(await holdsAll(folder, dataverse));
    }),
});

Deno.test({
  name: "a full disk is named, with what it lacks",
  ignore: Deno.build.os !== "linux", // has a device that is always full
  fn: () =>
    trial({}, async (dataverse, folder, flags) => {
      const part = join(folder, ".download", "HAM10000_images_part_2.zip.part");
      await Deno.mkdir(join(folder, ".download"));
      await Deno.symlink("/dev/full", part);
      const { code, err } = await ended(start(...flags));
      assert.equal(code, 1);
      assert.match(
        err,
        /part_2\.zip\.part: the disk is full\. Free 13 kB there, or give another folder with --out/,
      );
      assert.equal((await ended(start(...flags))).code, 0);
      assert.ok(await holdsAll(folder, dataverse));
    }),
});

Deno.test("where the photos cannot be had the weights are tried nevertheless", async () => {
  const folder = await Deno.makeTempDir();
  await using server = serve();
  const { code, err } = await ended(
    start("--out", folder, "--data-url", `${server.base}/data`, "--weights-url", `${server.base}/weights`),
  );
  assert.equal(code, 1);
  const [images, weights] = err.trimEnd().split("\n");
  assert.match(images, /\/data\/api\/datasets\/.* answered 404.* By hand: download HAM10000_metadata/);
  assert.match(weights, /\/weights\/vgg16_.*\.h5: the server answered 404.* By hand: download https:/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("two runs do not work in one folder at once", async () => {
  await trial({ photoBytes: 60_000 }, async (dataverse, folder, flags) => {
    const archive = dataverse.stored["HAM10000_images_part_1.zip"];
    archive.slow = 100;
    const process = start(...flags);
    await partlyThere(folder, 20_000);
    const second = await ended(start(...flags));
    assert.equal(second.code, 1);
    assert.match(second.err, /Another `deno task data` works in .*Wait for it to end/);
    archive.slow = 0;
    assert.equal((await ended(process)).code, 0);
    assert.ok(await holdsAll(folder, dataverse));
  });
});

Deno.test("a wrong weight file ends with exit code 1 and leaves nothing", async () => {
  const folder = await Deno.makeTempDir();
  const name = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5";
  await using server = serve({ [`/${name}`]: { bytes: noise(5000) } });
  const { code, err } = await ended(
    start("--only", "weights", "--out", folder, "--weights-url", server.base),
  );
  assert.equal(code, 1);
  assert.match(err, /expected MD5 6d6bbae143d832006294945121d1f1fc\. Received: /);
  assert.doesNotMatch(err, / at .*\.ts:\d+/);
  await Deno.remove(folder, { recursive: true });
});

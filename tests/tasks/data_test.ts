import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../lib/support/project.ts";
import { parseDataOptions } from "../../lib/tasks/data.ts";
import { noise, serve } from "../support/file_server.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { fakeDataverse, holdsAll } from "./data/fake_dataverse.ts";

/** The task in a process of its own; `before` is what a shell does first. */
function start(
  args: string[],
  options: { env?: Record<string, string>; before?: string } = {},
): Deno.ChildProcess {
  const env = { NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1", ...options.env }; // the server is on this machine
  const task = [
    ...[
      Deno.execPath(),
      "run",
      "--no-prompt",
      "--config",
      join(projectRoot, "deno.json"),
      "-P=data",
      "--no-check",
    ],
    ...[join(projectRoot, "lib", "tasks", "data.ts"), ...args],
  ];
  const [program, ...rest] = options.before
    ? ["sh", "-c", `${options.before}; exec "$@"`, "-", ...task]
    : task;
  return new Deno.Command(program, { args: rest, env, stdout: "piped", stderr: "piped" }).spawn();
}

async function ended(process: Deno.ChildProcess): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await process.output();
  const [out, all] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  const err = all.replace(/^.*Permissions in the config file.*\n?/, ""); // Deno's own words
  return { code, out, err };
}

/** A Dataverse, a folder and the flags that bring the one's photos into the other. */
async function trial(options: Parameters<typeof fakeDataverse>[0] = {}) {
  const folder = await temporaryFolder();
  const dataverse = fakeDataverse(options);
  const flags = ["--only", "images", "--out", folder.path, "--data-url", `${dataverse.base}/`];
  const archive = dataverse.stored["HAM10000_images_part_1.zip"];
  return {
    dataverse,
    folder: folder.path,
    flags,
    run: () => ended(start(flags)),
    holdsAll: async () => assert.ok(await holdsAll(folder.path, dataverse)),
    /** Starts it, and waits until 40,000 bytes of an archive have come; `end` then lets it come quickly. */
    async startSlowly() {
      archive.slow = 300;
      const process = start(flags);
      const part = join(folder.path, ".download", "HAM10000_images_part_1.zip.part");
      const size = async () => (await Deno.stat(part).catch(() => null))?.size ?? 0;
      for (let i = 0; await size() < 40_000; i++) {
        assert.ok(i < 2000, `${part} did not grow`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      return {
        async end(signal?: Deno.Signal) {
          if (signal) process.kill(signal);
          else archive.slow = 0;
          const result = await ended(process);
          archive.slow = 0;
          return { ...result, kept: await size() };
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await dataverse[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("flags are parsed, addresses lose a trailing slash, and defaults are as documented", () => {
  const options = parseDataOptions(["--only", "images", "--data-url", "http://mirror.example/dataverse/"]);
  assert.deepEqual([options.images, options.weights, options.out, options.guest], [true, false, null, null]);
  assert.equal(options.dataUrl, "http://mirror.example/dataverse");
  assert.equal(parseDataOptions([]).dataUrl, "https://dataverse.harvard.edu");
  const guest = { name: "A", email: "a@b.c", institution: "D", position: "E" };
  const flags = Object.entries(guest).flatMap(([flag, value]) => [`--${flag}`, value]);
  assert.deepEqual(parseDataOptions(flags).guest, guest);
});

Deno.test("invalid flags are refused, with what was expected", () => {
  const cases: [string[], RegExp][] = [
    [["--only", "photos"], /--only is images, weights or test\. Received: photos/],
    [["--data-url", "dataverse.harvard.edu"], /--data-url is an address that begins with https:\/\//],
    [["--weights-url", "file:///etc"], /--weights-url is an address/],
    [["--name", "A", "--email", "a@b.c"], /go together\. Received: some of them/],
    [["--ouput", "x"], /Unknown option.*deno task data \[flags\]/s],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => parseDataOptions(args), { name: "RangeError", message });
  }
});

Deno.test("--with test and --only test download the official test set into its own folder; a dry run says so", async () => {
  await using test = await trial();
  const [, , ...flags] = test.flags;
  const dry = await ended(start(["--only", "images", "--with", "test", "--dry-run", ...flags]));
  assert.match(dry.out, /^HAM10000 \(.*\n.*\n.*\nISIC2018_Task3_Test \(.* into .*isic2018_test\n/m);
  const one = await ended(start(["--only", "test", ...flags]));
  assert.equal(one.code, 0, one.err);
  assert.deepEqual(Array.from(Deno.readDirSync(test.folder), ({ name }) => name), ["isic2018_test"]);
  const names = Array.from(Deno.readDirSync(join(test.folder, "isic2018_test")), ({ name }) => name).sort();
  assert.deepEqual(names, [
    "ISIC2018_Task3_Test_GroundTruth.csv",
    "ISIC2018_Task3_Test_source.json",
    "images",
  ]);
  const both = parseDataOptions(["--with", "test"]);
  assert.deepEqual([both.images, both.weights, both.test], [true, true, true]);
  assert.throws(() => parseDataOptions(["--with", "photos"]), {
    message: "--with is test. Received: photos",
  });
});

Deno.test("after a kill half-way, the next run continues from what was downloaded", async () => {
  await using test = await trial({ photoBytes: 400_000 });
  const { kept } = await (await test.startSlowly()).end("SIGKILL");
  assert.ok(kept >= 40_000);
  const { code, out, err } = await test.run();
  assert.equal(code, 0, err);
  const before = /part_1\.zip: (\S+) MB are already downloaded; continuing from there/.exec(out);
  assert.ok(before && Math.abs(Number(before[1]) * 1e6 - kept) <= 500, out);
  await test.holdsAll();
  assert.ok(!Array.from(Deno.readDirSync(test.folder), ({ name }) => name).includes(".download"));
});

Deno.test({
  name: "Ctrl-C keeps what was downloaded and says so; the next run continues",
  ignore: Deno.build.os === "windows", // cannot send the signal
  fn: async () => {
    await using test = await trial({ photoBytes: 400_000 });
    const { code, err, kept } = await (await test.startSlowly()).end("SIGINT");
    assert.equal(code, 130, err);
    assert.ok(kept >= 40_000);
    assert.match(
      err,
      /^Interrupted\. 0\.\d+ MB are kept in .*\.download; running this again continues from there\.\n$/,
    );
    const again = await test.run();
    assert.match(again.out, /are already downloaded; continuing/, again.err);
    await test.holdsAll();
  },
});

Deno.test("two runs do not work in one folder at once", async () => {
  await using test = await trial({ photoBytes: 400_000 });
  const first = await test.startSlowly();
  const second = await test.run();
  assert.equal(second.code, 1);
  assert.match(second.err, /Another `deno task data` works in .*Wait for it to end/);
  assert.equal((await first.end()).code, 0);
  await test.holdsAll();
});

Deno.test({
  name: "a full disk is reported, what was downloaded is kept, and the next run continues",
  ignore: Deno.build.os === "windows", // has no ulimit
  fn: async () => {
    await using test = await trial({ photoBytes: 2_000_000 });
    const { code, err } = await ended(start(test.flags, { before: 'trap "" XFSZ; ulimit -f 6000' })); // 3 or 6 MB a file
    assert.equal(code, 1);
    assert.match(
      err,
      /part_1\.zip\.part could not be written: File too large .* Free some space, or .*\(--out, if the task has this flag\)/,
    );
    const { out } = await test.run();
    assert.match(out, /part_1\.zip: [36]\.\d+ MB are already downloaded; continuing from there/);
    await test.holdsAll();
  },
});

Deno.test("if the photos cannot be downloaded, the weights are still tried", async () => {
  await using folder = await temporaryFolder();
  const name = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5";
  await using server = serve({ [`/weights/${name}`]: { bytes: noise(5000) } });
  const mirrors = ["--data-url", `${server.base}/data`, "--weights-url", `${server.base}/weights`];
  const { code, err } = await ended(start(["--out", folder.path, ...mirrors]));
  assert.equal(code, 1);
  const [images, weights] = err.trimEnd().split("\n");
  assert.match(images, /\/data\/api\/datasets\/.* answered 404.* By hand: download HAM10000_metadata/);
  assert.match(weights, /\/weights\/vgg16_.*\.h5: expected 58889256 bytes.* By hand: download https:/);
  assert.deepEqual(await folder.names(), []);
});

Deno.test("requests go through the proxy in HTTP_PROXY", async () => {
  await using test = await trial();
  const proxy = {
    NO_PROXY: "",
    no_proxy: "",
    HTTP_PROXY: test.dataverse.base,
    http_proxy: test.dataverse.base,
  };
  const address = "http://dataverse.invalid";
  const flags = ["--only", "images", "--out", test.folder, "--dry-run", "--data-url", address];
  const { code, out, err } = await ended(start(flags, { env: proxy }));
  assert.equal(code, 0, err);
  assert.match(out, /to download from http:\/\/dataverse\.invalid/);
});

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fetchWeights, weightsFile } from "../../../lib/support/download/fetch_weights.ts";
import { md5, noise, serve, type TestServer } from "./server.ts";

const real = fileURLToPath(new URL(`../../../../shared/vgg16/${weightsFile}`, import.meta.url));

async function trial(
  bytes: Uint8Array<ArrayBuffer>,
  test: (how: {
    folder: string;
    server: TestServer;
    run: (options?: Partial<Parameters<typeof fetchWeights>[1]>) => Promise<string>;
  }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const work = join(folder, ".download");
  await Deno.mkdir(work);
  await using server = serve({ [`/mirror/${weightsFile}`]: { bytes } });
  const run = async (options: Partial<Parameters<typeof fetchWeights>[1]> = {}) => {
    const printed: string[] = [];
    const line = { print: (text: string) => void printed.push(text), show: () => {}, clear: () => {} };
    await fetchWeights(folder, { base: `${server.base}/mirror`, line, work, waits: [0.01], ...options });
    return printed.join("\n");
  };
  try {
    await test({ folder, server, run });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const files = [];
  for (const place of [folder, join(folder, ".download")]) {
    for await (const { name, isFile } of Deno.readDir(place)) if (isFile) files.push(name);
  }
  return files;
}

Deno.test("another file than the one that Keras names is removed", async () => {
  await trial(noise(50_000), async ({ folder, run }) => {
    await assert.rejects(
      run(),
      /expected MD5 6d6bbae143d832006294945121d1f1fc\. Received: .* it was removed.*--weights/s,
    );
    assert.deepEqual(await filesIn(folder), []);
  });
});

Deno.test("a file whose tensors are not VGG16's is removed, whatever its checksum", async () => {
  const bytes = noise(50_000);
  await trial(bytes, async ({ folder, run }) => {
    await assert.rejects(run({ checksum: { algorithm: "md5", value: md5(bytes), binding: true } }), /HDF5/);
    assert.deepEqual(await filesIn(folder), []);
  });
});

Deno.test("a file that is there with other weights is left, and the error says so", async () => {
  await trial(noise(1000), async ({ folder, server, run }) => {
    await Deno.writeFile(join(folder, weightsFile), noise(1000));
    await assert.rejects(run(), /Remove the file and run this again/);
    assert.deepEqual(await filesIn(folder), [weightsFile]);
    assert.equal(server.asked.length, 0);
  });
});

Deno.test("size and licence are said before; a dry run asks nobody", async () => {
  await trial(noise(1000), async ({ server, run }) => {
    assert.match(await run({ dryRun: true }), /about 59 MB to download from http.*\n {2}licence: CC BY 4\.0/);
    assert.equal(server.asked.length, 0);
    const free = () => Promise.resolve(1e6);
    await assert.rejects(run({ free }), /VGG16's weights needs? 59 MB in .* Received: 1\.0 MB free/);
  });
});

Deno.test({
  name: "the real weights come, are checked tensor by tensor, and a second call does nothing",
  ignore: !existsSync(real),
  fn: async () => {
    const bytes = await Deno.readFile(real);
    await trial(bytes, async ({ folder, server, run }) => {
      const checksum = { algorithm: "md5", value: md5(bytes), binding: true };
      assert.match(await run({ checksum }), /all 26 tensors as published$/);
      assert.deepEqual(await filesIn(folder), [weightsFile]);
      assert.match(await run({ checksum }), /nothing to do/);
      assert.equal(server.asked.length, 1);
    });
  },
});

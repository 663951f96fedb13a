import assert from "node:assert/strict";
import { join } from "node:path";
import { weightsFile } from "../../../lib/config.ts";
import { fetchWeights } from "../../../lib/tasks/data/weights.ts";
import { exists, realWeights } from "../../model/images.ts";
import { md5, noise, serve } from "../../support/file_server.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** A mirror with these bytes and a folder. `run` gives what was printed. */
async function trial(bytes: Uint8Array<ArrayBuffer>) {
  const folder = await temporaryFolder();
  const server = serve({ [`/mirror/${weightsFile}`]: { bytes } });
  const work = join(folder.path, ".download");
  await Deno.mkdir(work);
  return {
    server,
    folder: folder.path,
    left: async () => [...await folder.names(), ...Array.from(Deno.readDirSync(work), ({ name }) => name)],
    async run(options: Partial<Parameters<typeof fetchWeights>[1]> = {}) {
      const printed: string[] = [];
      const onNotice = (text: string) => void printed.push(text);
      await fetchWeights(folder.path, {
        base: `${server.base}/mirror`,
        work,
        waits: [],
        onNotice,
        ...options,
      });
      return printed.join("\n");
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const identityOf = (bytes: Uint8Array) => ({
  bytes: bytes.length,
  checksum: { algorithm: "md5", value: md5(bytes) } as const,
});

Deno.test("a weight file whose size, MD5 or tensors differ from Keras' file is not kept", async () => {
  const bytes = noise(50_000);
  const { checksum } = identityOf(noise(50_000, 2));
  const cases: [Parameters<typeof fetchWeights>[1]["identity"], RegExp][] = [
    [undefined, /expected 58889256 bytes\. Received: 50000 bytes.*--weights/],
    [{ bytes: 50_000, checksum }, /expected MD5 .*\. Received: .* It was not kept.*--weights/],
    [identityOf(bytes), /HDF5/],
  ];
  for (const [identity, message] of cases) {
    await using test = await trial(bytes);
    await assert.rejects(test.run({ identity }), { message });
    assert.deepEqual(await test.left(), [".download"]);
  }
});

Deno.test("an existing file with other weights is kept, and the error says to remove it", async () => {
  await using test = await trial(noise(1000));
  await Deno.writeFile(join(test.folder, weightsFile), noise(1000));
  await assert.rejects(test.run(), /Remove the file and run this again/);
  assert.deepEqual(await test.left(), [".download", weightsFile]);
  assert.equal(test.server.asked.length, 0);
});

Deno.test("a dry run prints size and licence without a request; too little disk space stops before any request", async () => {
  await using test = await trial(noise(1000));
  assert.match(await test.run({ dryRun: true }), /58\.9 MB to download from http.*\n {2}licence: CC BY 4\.0/);
  const free = () => Promise.resolve(1e6);
  await assert.rejects(test.run({ free }), /The weight file needs 58\.9 MB in .* Received: 1 MB free/);
  assert.equal(test.server.asked.length, 0);
});

Deno.test({
  name: "the real weights are downloaded and checked tensor by tensor; a second call does nothing",
  ignore: !exists(realWeights),
  fn: async () => {
    const bytes = await Deno.readFile(realWeights);
    await using test = await trial(bytes);
    assert.match(await test.run({ identity: identityOf(bytes) }), /all 26 tensors as published$/);
    assert.deepEqual(await test.left(), [".download", weightsFile]);
    assert.match(await test.run(), /nothing to do/);
    assert.equal(test.server.asked.length, 1);
  },
});

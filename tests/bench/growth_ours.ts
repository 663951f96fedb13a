/**
 * One size of growth.ts: `deno run -A growth_ours.ts FOLDER PHOTOS`. Decodes photos, and makes activations of one copy of each, as
 * notebooks 2 and 4 do, with nothing stored before. Prints what it took; starting is not timed.
 */
import { join } from "node:path";
import process from "node:process";
import { protocolRanges as ranges } from "../../lib/config.ts";
import { augmentedCopy } from "../../lib/data/augmentation.ts";
import { loadImageSet } from "../../lib/data/image_set.ts";
import { forwardBatchSize, openActivations } from "../../lib/model/activations.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { startEngine } from "../../lib/support/engine/engine.ts";
import { openStore, type Store } from "../../lib/support/store.ts";
import type { GrowthSeconds } from "./growth.ts";
import { readWeights, size } from "./inputs.ts";

const [folder, photos] = Deno.args;
const paths: string[] = JSON.parse(await Deno.readTextFile(join(folder, "photos.json"))).slice(
  0,
  Number(photos),
);
await startEngine();
const weights = await readWeights(folder);
const length = size * size * 3;
const cores = navigator.hardwareConcurrency;

async function activations(pixels: (i: number) => Uint8Array, count: number, store: Store) {
  const images = Array.from({ length: count }, (_, i) => ({ key: sha256(`${i}`), pixels: () => pixels(i) }));
  (await openActivations(images, { weights, scaling: "divide255", size, store }))[Symbol.dispose]();
}

async function timed(work: () => Promise<unknown>): Promise<{ seconds: number; cores: number }> {
  const started = performance.now();
  const before = process.cpuUsage();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { seconds, cores: (user + system) / 1e6 / seconds / cores };
}

const out = await Deno.makeTempDir({ dir: folder });
await activations(() => new Uint8Array(length), forwardBatchSize(size), openStore(join(out, "warm")));
const store = openStore(join(out, "store"));
let images = new Uint8Array();
const decoded = await timed(async () => images = (await loadImageSet(paths, { size, store })).pixels);
const copy = (i: number) =>
  augmentedCopy(images.subarray(i * length, (i + 1) * length), {
    size,
    ranges,
    seed: 0,
    imageId: `${i}`,
    copy: 1,
  });
const computed = await timed(() => activations(copy, paths.length, store));
await Deno.remove(out, { recursive: true });
const seconds: GrowthSeconds = {
  decode: decoded.seconds,
  activations: computed.seconds,
  cores: computed.cores,
};
console.log(JSON.stringify(seconds));

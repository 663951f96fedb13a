import assert from "node:assert/strict";
import { join } from "node:path";
import { makeStandIn } from "../../lib/data/stand_in.ts";
import { readMetadata, type Sample } from "../../lib/data/metadata.ts";
import {
  findPairs,
  nearDuplicateDistance,
  nearDuplicatesCsv,
  relatePhotos,
} from "../../lib/data/near_duplicates.ts";
import { cutDiscs, reducePhotos } from "../../lib/data/photo_discs.ts";
import { inParallel } from "../../lib/support/parallel.ts";
import { randomFor } from "../../lib/support/random.ts";
import { openStore } from "../../lib/support/store.ts";
import { ham10000Folder } from "./leak_free_photos.ts";
import { inFolder } from "../support/temporary_folder.ts";
import { planted, plantedKinds } from "./near_duplicates/plant.ts";

/** Photos of different lesions, and of each one duplicate a kind; in a folder that is removed afterwards. */
async function withPlanted(
  photos: readonly string[],
  work: (paths: string[], folder: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const copies = plantedKinds.flatMap((kind) => photos.map((photo, i) => ({ kind, photo, i })));
    const paths = copies.map(({ kind, i }) => join(folder, `${kind} ${i}.jpg`));
    await inParallel([...copies.entries()], 4, async ([place, { kind, photo, i }]) => {
      await Deno.writeFile(paths[place], await planted(photo, kind, randomFor("planted", kind, i)));
    });
    await work([...photos, ...paths], folder);
  });
}

/** One photo each of the first lesions. */
function firstOfLesions(samples: readonly Sample[], count: number): Sample[] {
  const lesions = Map.groupBy(samples, ({ lesionId }) => lesionId);
  return [...lesions.values()].slice(0, count).map(([sample]) => sample);
}

/** Share of the pairs of one photo's versions that are found, and the pairs of different photos. */
function judge(pairs: readonly { a: number; b: number }[], photos: number) {
  const isTrue = ({ a, b }: { a: number; b: number }) => a % photos === b % photos;
  const versions = plantedKinds.length;
  return {
    ofPhoto: pairs.filter((pair) => isTrue(pair) && pair.a < photos).length / (photos * versions),
    wrong: pairs.filter((pair) => !isTrue(pair)),
  };
}

Deno.test("planted duplicates of drawn lesions are found: turned, mirrored, cropped, saved again, recoloured; no others", async () => {
  await inFolder(async (folder) => {
    await makeStandIn(join(folder, "drawn"), { seed: 1, images: 60 });
    const samples = firstOfLesions(await readMetadata(join(folder, "drawn")), 12);
    const photos = samples.map(({ imagePath }) => join(folder, "drawn", imagePath));
    await withPlanted(photos, async (paths) => {
      const store = openStore(join(folder, "store"));
      const lesions = paths.map((_, i) => ({ lesionId: `${i % photos.length}`, imageId: `I${i}` }));
      const { nearDuplicates, pixelDigests } = await relatePhotos(paths, { samples: lesions, store });
      const { ofPhoto, wrong } = judge(nearDuplicates, photos.length);
      assert.ok(ofPhoto >= 0.95, `${ofPhoto}`);
      assert.deepEqual(wrong, []);
      assert.ok(nearDuplicates.every(({ sameLesion }) => sameLesion));
      const order = nearDuplicates.toSorted((p, q) => p.a - q.a || p.b - q.b);
      assert.deepEqual(nearDuplicates, order, "by a, then by b");
      assert.ok(nearDuplicates.every(({ a, b, distance }) => a < b && distance <= nearDuplicateDistance));
      assert.equal(pixelDigests.length, paths.length);

      const border = photos.length;
      const across = nearDuplicates.filter(({ a, b }) => a < border && border <= b);
      assert.deepEqual(
        await findPairs(cutDiscs(await reducePhotos(paths, { store })), { border }),
        across.map(({ sameLesion: _, ...pair }) => pair),
        "between photos before a border and photos from it on",
      );

      const again = await relatePhotos(paths, { samples: lesions, store });
      assert.deepEqual(again, { nearDuplicates, pixelDigests }, "the same from the store");
      assert.match(
        nearDuplicatesCsv(lesions, nearDuplicates),
        /^image_id_a,image_id_b,distance,same_lesion\nI0,I\d+,0\.\d{4},true\n/,
      );
    });
  });
});

Deno.test({
  name: "planted duplicates of HAM10000's photos are found, and no pair of different lesions among them",
  ignore: ham10000Folder === null,
  fn: async () => {
    const samples = firstOfLesions(await readMetadata(ham10000Folder!), 4_000).filter((_, i) =>
      i % 200 === 0
    );
    const photos = samples.map(({ imagePath }) => join(ham10000Folder!, imagePath));
    await withPlanted(photos, async (paths, folder) => {
      const discs = cutDiscs(await reducePhotos(paths, { store: openStore(join(folder, "store")) }));
      const { ofPhoto, wrong } = judge(await findPairs(discs), photos.length);
      assert.ok(ofPhoto >= 0.97, `${ofPhoto}`);
      assert.deepEqual(wrong, []);
    });
  },
});

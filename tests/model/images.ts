/** Images that the tests of VGG16 and the recipe of their fixture share. */
import { type ImageSize, pixelsIn } from "../../lib/image_size.ts";
import { randomFor } from "../../lib/support/random.ts";

/** Folder of the real data, beside the project. */
export const shared = new URL("../../../shared/", import.meta.url);
export const realWeights = new URL(
  "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
  shared,
).pathname;

/** Whether a file or folder exists. */
export function exists(path: string | URL): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Uniform noise, (count, height, width, 3), 0–255: the same on every machine. */
export function noiseImages(count: number, size: ImageSize, seed = 0): Uint8Array {
  const random = randomFor("noise images", seed);
  return Uint8Array.from({ length: count * pixelsIn(size) * 3 }, () => Math.floor(random() * 256));
}

/** Real photos, evenly out of the metadata table, with their diagnoses: of 64 every 156th. */
export async function realPhotos(count = 64): Promise<{ imageId: string; dx: string; path: string }[]> {
  const folder = new URL("ham10000/", shared);
  const [, ...rows] = (await Deno.readTextFile(new URL("HAM10000_metadata.csv", folder))).trim().split("\n");
  return Array.from({ length: count }, (_, i) => {
    const [, imageId, dx] = rows[Math.floor(rows.length / count) * i].split(",");
    const path = [1, 2]
      .map((part) => new URL(`HAM10000_images_part_${part}/${imageId}.jpg`, folder).pathname)
      .find(exists);
    if (!path) throw new Error(`No photo of ${imageId} below ${folder.pathname}`);
    return { imageId, dx, path };
  });
}

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

/** Paths of 64 real photos: every 156th of the metadata table. */
export async function realPhotos(): Promise<{ imageId: string; path: string }[]> {
  const folder = new URL("ham10000/", shared);
  const [, ...rows] = (await Deno.readTextFile(new URL("HAM10000_metadata.csv", folder))).trim().split("\n");
  return Array.from({ length: 64 }, (_, i) => {
    const imageId = rows[156 * i].split(",")[1];
    const path = [1, 2]
      .map((part) => new URL(`HAM10000_images_part_${part}/${imageId}.jpg`, folder).pathname)
      .find(exists);
    if (!path) throw new Error(`No photo of ${imageId} below ${folder.pathname}`);
    return { imageId, path };
  });
}

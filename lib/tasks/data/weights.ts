/** Downloads VGG16's ImageNet weights from the address that Keras uses into a data folder. */
import { join } from "node:path";
import { weightsFile } from "../../config.ts";
import { loadWeights } from "../../model/weights.ts";
import { downloadFile, megabytes, requireRoom } from "../../support/download.ts";
import type { Identity } from "../../support/part_file.ts";
import type { FetchOptions } from "./item.ts";

export const weightsBase = "https://storage.googleapis.com/tensorflow/keras-applications/vgg16";

/** Size and MD5 of the file without top. The MD5 is the `file_hash` in Keras' `applications/vgg16.py`. */
const kerasFile: Identity = {
  bytes: 58_889_256,
  checksum: { algorithm: "md5", value: "6d6bbae143d832006294945121d1f1fc" },
};

/**
 * Downloads the file and checks its MD5, then its tensors bit for bit. Of an existing file only the tensors are checked.
 *
 * @param options.identity the file's size and checksum; default: those of Keras' file
 * @throws {Error} if an existing file holds other weights, which is left as it is
 */
export async function fetchWeights(
  folder: string,
  options: FetchOptions & { identity?: Identity },
): Promise<void> {
  const { onNotice, work, base = weightsBase, identity = kerasFile } = options;
  const target = join(folder, weightsFile);
  if (await Deno.stat(target).then(() => true, () => false)) {
    await loadWeights(target).catch((error) => {
      throw new Error(`${error.message}. Remove the file and run this again.`, { cause: error });
    });
    return onNotice(`VGG16's weights are in ${folder}, all 26 tensors as published; nothing to do.`);
  }
  onNotice(
    `VGG16 without top, ImageNet weights: ${weightsFile} into ${folder}\n` +
      `  ${megabytes(identity.bytes!)} to download from ${base}\n` +
      "  licence: CC BY 4.0, Visual Geometry Group, University of Oxford; ported by F. Chollet",
  );
  if (options.dryRun) return;
  await requireRoom(folder, identity.bytes!, { what: "The weight file", free: options.free });
  const byHand =
    `By hand: download ${weightsBase}/${weightsFile} in a browser into ${folder}, or give the file that you have ` +
    "to `deno task reproduce` with --weights.";
  const stage = join(work, weightsFile);
  await downloadFile(
    { ...identity, name: weightsFile, address: `${base}/${weightsFile}`, byHand },
    stage,
    options,
  );
  await loadWeights(stage).catch(async (error) => {
    await Deno.remove(stage);
    throw error;
  });
  await Deno.rename(stage, target);
  onNotice(`${weightsFile}: all 26 tensors as published`);
}

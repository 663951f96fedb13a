/** VGG16's ImageNet weights from the address that Keras names, into a data folder. */
import { join } from "node:path";
import { loadWeights } from "../../model/weights.ts";
import { byteText, transferText } from "./byte_text.ts";
import { type Checksum, checksumOf } from "./checksum.ts";
import { downloadFile } from "./download_file.ts";
import type { FetchOptions } from "./fetch_item.ts";
import { requireRoom } from "./free_space.ts";

export const weightsBase = "https://storage.googleapis.com/tensorflow/keras-applications/vgg16";
export const weightsFile = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5";

/** As Keras' `applications/vgg16.py` names it (`WEIGHTS_HASH` of the file without top). */
const keras = checksumOf("MD5", "6d6bbae143d832006294945121d1f1fc", { binding: true });

/** The file's size as far as it is known before the server tells it. */
const about = 59e6;

/**
 * Brings the file, checks its MD5, then its tensors bit for bit. One that is there already is only checked.
 *
 * @param options.base the folder's address without slash at its end: a mirror's in the place of Keras'
 * @param options.checksum the file's; default: the one that Keras names
 * @throws {Error} where a file is there that holds other weights; it is left as it is
 */
export async function fetchWeights(
  folder: string,
  options: FetchOptions & { base?: string; checksum?: Checksum | null },
): Promise<void> {
  const { line, work, base = weightsBase, checksum = keras } = options;
  const target = join(folder, weightsFile);
  if (await Deno.stat(target).then(() => true, () => false)) {
    await loadWeights(target).catch((error) => {
      throw new Error(`${error.message}. Remove the file and run this again.`, { cause: error });
    });
    return line.print(`VGG16's weights are in ${folder}, all 26 tensors as published; nothing to do.`);
  }
  const address = `${base}/${weightsFile}`;
  line.print(
    `VGG16 without top, ImageNet weights: ${weightsFile} into ${folder}\n` +
      `  about ${byteText(about)} to download from ${base}\n` +
      "  licence: CC BY 4.0, Visual Geometry Group, University of Oxford; ported by F. Chollet",
  );
  if (options.dryRun) return;
  await requireRoom(folder, about, { what: "VGG16's weights", free: options.free });
  const byHand =
    `By hand: download ${weightsBase}/${weightsFile} in a browser into ${folder}, or give the file that ` +
    "you have to `deno task reproduce` with --weights.";
  const stage = join(work, weightsFile);
  let text = transferText(weightsFile);
  try {
    await downloadFile({ name: weightsFile, address, bytes: null, checksum, byHand }, stage, {
      ...options,
      onNotice: line.print,
      onStart: (start) => {
        text = transferText(weightsFile, { start });
        if (start > 0) {
          line.print(`${weightsFile}: ${byteText(start)} are there from before; going on from there`);
        }
      },
      onProgress: (done, total) => line.show(text(done, total)),
    });
  } finally {
    line.clear();
  }
  await loadWeights(stage).catch(async (error) => {
    await Deno.remove(stage);
    throw error;
  });
  await Deno.rename(stage, target);
  line.print(`${weightsFile}: all 26 tensors as published`);
}

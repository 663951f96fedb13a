/** What the programs of a case read: files of raw numbers in the benchmark's folder. */
import { join } from "node:path";
import { bytesOf } from "../../lib/support/digest.ts";
import { readMetadata } from "../../lib/data/metadata.ts";
import { decodeImage } from "../../lib/data/decode.ts";
import { convolutions } from "../../lib/model/vgg16.ts";
import { loadWeights, randomWeights, type Vgg16Weights, weightsDigest } from "../../lib/model/weights.ts";
import { noiseImages } from "../model/images.ts";

/** Side of the images in pixels. */
export const size = 64;

export interface InputOptions {
  readonly images: number;
  /** HAM10000's folder; null: noise images. */
  readonly data: string | null;
  /** Keras' HDF5 file; null: seeded random weights. */
  readonly weights: string | null;
}

/** Writes `pixels.u8` and `weights.f32`: uint8 (images, 64, 64, 3), and all tensors, kernel (3, 3, in, out) then bias. */
export async function writeInputs(folder: string, { images, data, weights }: InputOptions): Promise<void> {
  await Deno.writeFile(
    join(folder, "pixels.u8"),
    data ? await photos(data, images) : noiseImages(images, size),
  );
  const { layers } = weights ? await loadWeights(weights) : randomWeights(0);
  await writeArrays(join(folder, "weights.f32"), layers.flatMap(({ kernel, bias }) => [kernel, bias]));
}

/** Arrays one after the other, little-endian float32. */
export async function writeArrays(path: string, arrays: readonly Float32Array[]): Promise<void> {
  await Deno.writeFile(path, new Blob(arrays.map((values) => bytesOf(values).slice())).stream());
}

export async function readFloats(path: string): Promise<Float32Array> {
  return new Float32Array((await Deno.readFile(path)).buffer);
}

/** The weights that `writeInputs` wrote. */
export async function readWeights(folder: string): Promise<Vgg16Weights> {
  const all = await readFloats(join(folder, "weights.f32"));
  let offset = 0;
  const take = (values: number) => all.subarray(offset, offset += values);
  const layers = convolutions.map(({ name, inputs, outputs }) => ({
    name,
    kernel: take(9 * inputs * outputs),
    bias: take(outputs),
  }));
  return { digest: weightsDigest(layers), source: "other", layers };
}

async function photos(data: string, count: number): Promise<Uint8Array> {
  const samples = (await readMetadata(data)).slice(0, count);
  if (samples.length < count) {
    throw new RangeError(`${data} holds ${samples.length} photos. Received: ${count}`);
  }
  const pixels = new Uint8Array(count * size * size * 3);
  for (const [i, { imagePath }] of samples.entries()) {
    pixels.set(await decodeImage(join(data, imagePath), size), i * size * size * 3);
  }
  return pixels;
}

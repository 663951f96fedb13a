/** The case "features": VGG16's activations of images, from uint8 pixels to float32, by this project and its peers. */
import { join } from "node:path";
import { readMetadata } from "../../lib/ham10000/metadata.ts";
import { decodeImage } from "../../lib/image/decode.ts";
import { loadWeights, randomWeights, type Vgg16Weights } from "../../lib/vgg16/weights.ts";
import { noiseImages } from "../vgg16/images.ts";
import type { PeerProgram } from "./peer.ts";

/** A comparison: who takes part, and what ours has to reach. The first is ours. */
export interface Case {
  readonly name: string;
  readonly programs: readonly PeerProgram[];
  readonly targets: readonly Target[];
}

/** Ours should be at least `atLeast` times as fast as the peer of this name. */
export interface Target {
  readonly peer: string;
  readonly atLeast: number;
}

const size = 64;
const here = (name: string) => decodeURI(new URL(name, import.meta.url).pathname);

/**
 * Writes pixels and weights into a folder, from which every program of the case reads them.
 *
 * @param options.data HAM10000's folder; null: noise images
 * @param options.weights Keras' HDF5 file; null: seeded random weights
 */
export async function prepareFeatures(
  folder: string,
  options: { images: number; data: string | null; weights: string | null; python: string },
): Promise<Case> {
  const { images, data, weights, python } = options;
  await Deno.writeFile(
    join(folder, "pixels.u8"),
    data ? await photos(data, images) : noiseImages(images, size),
  );
  await writeTensors(join(folder, "weights.f32"), weights ? await loadWeights(weights) : randomWeights(0));
  return {
    name: "features",
    programs: [
      { name: "this project", command: Deno.execPath(), args: ["run", "-A", here("run_ours.ts"), folder] },
      {
        name: "… and stored",
        command: Deno.execPath(),
        args: ["run", "-A", here("run_ours.ts"), folder, "--stored"],
      },
      { name: "ONNX Runtime", command: python, args: [here("run_onnxruntime.py"), folder] },
      {
        name: "Keras predict",
        command: python,
        args: [here("run_keras.py"), folder],
        env: { KERAS_BACKEND: "tensorflow", TF_CPP_MIN_LOG_LEVEL: "3" },
      },
    ],
    targets: [{ peer: "ONNX Runtime", atLeast: 0.9 }, { peer: "Keras predict", atLeast: 1.5 }],
  };
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

/** All tensors one after the other, kernel (3, 3, in, out) then bias, float32. */
async function writeTensors(path: string, { layers }: Vgg16Weights): Promise<void> {
  const tensors = layers.flatMap(({ kernel, bias }) => [kernel, bias]);
  const all = new Float32Array(tensors.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const tensor of tensors) {
    all.set(tensor, offset);
    offset += tensor.length;
  }
  await Deno.writeFile(path, new Uint8Array(all.buffer));
}

/** This project as a competitor in augmentation (see peer.ts): `deno run -A augment_ours.ts FOLDER`. */
import { join } from "node:path";
import { protocolRanges as ranges } from "../../lib/config.ts";
import { augmentedCopy } from "../../lib/data/augmentation.ts";
import { answer } from "./answer.ts";
import { size } from "./inputs.ts";

const pixels = await Deno.readFile(join(Deno.args[0], "pixels.u8"));
const length = size * size * 3;
const images = Array.from(
  { length: pixels.length / length },
  (_, i) => pixels.subarray(i * length, (i + 1) * length),
);
let copy = 0;

/** One copy of each image; each pass draws others. */
function pass(): Uint8Array[] {
  copy++;
  return images.map((image, i) => augmentedCopy(image, { size, ranges, seed: 0, imageId: `${i}`, copy }));
}

/** The mean of all pixels. */
function results(): Float32Array {
  const sum = pass().reduce((all, image) => all + image.reduce((a, b) => a + b, 0), 0);
  return Float32Array.of(sum / pixels.length);
}

pass();
await answer({ results, go: pass }, "one thread");

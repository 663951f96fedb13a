/**
 * Program: measures the engine for about a second and prints one JSON object, a {@link Measured}. Run apart by
 * `deno task doctor`, which has to survive an engine that does not.
 */
import type { Tensor4D } from "@tensorflow/tfjs";
import { engine, tf } from "./engine.ts";
import type { Engine } from "./engine_facts.ts";

/** The engine and its speed. */
export interface Measured {
  engine: Engine;
  /** VGG16 without top at 64×64, forward, layer by layer, images a second. */
  imagesPerSecond: number;
  /** The same as billions of floating-point operations a second; an image takes 2 × 1.2528 billion. */
  gflops: number;
}

/** VGG16's blocks: channels of each convolution; a 2×2 pool ends the block (Simonyan & Zisserman 2015, table 1, D). */
const blocks = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]];
const batch = 16;

/** Random kernels in the order of the layers, (3, 3, in, out). */
function makeKernels() {
  let inputs = 3;
  return blocks.map((block) =>
    block.map((outputs) => {
      const kernel = tf.randomNormal([3, 3, inputs, outputs], 0, 0.05) as Tensor4D;
      inputs = outputs;
      return kernel;
    })
  );
}

if (import.meta.main) {
  const kernels = makeKernels();
  const images = tf.randomUniform([batch, 64, 64, 3]) as Tensor4D;
  const forward = async () => {
    const features = tf.tidy(() => {
      let x = images;
      for (const block of kernels) {
        for (const kernel of block) x = tf.relu(tf.conv2d(x, kernel, 1, "same"));
        x = tf.maxPool(x, 2, 2, "valid");
      }
      return x; // (batch, 2, 2, 512)
    });
    await features.data();
    features.dispose();
  };
  await forward(); // the first pass prepares
  const started = performance.now();
  let passes = 0;
  for (; performance.now() - started < 1000; passes++) await forward();
  const imagesPerSecond = (1000 * passes * batch) / (performance.now() - started);
  const measured: Measured = { engine, imagesPerSecond, gflops: imagesPerSecond * 2 * 1.2528 };
  console.log(JSON.stringify(measured));
}

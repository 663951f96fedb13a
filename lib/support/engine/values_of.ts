import type { Tensor } from "@tensorflow/tfjs";
import { tf } from "./engine.ts";

/**
 * The values of what is computed; nothing of it stays on the engine. They are read outside of `tf.tidy`, which looks for tensors in
 * whatever it is to return: in every element of an array, at more than its computation may cost.
 */
export function valuesOf(compute: () => Tensor): Float32Array {
  const result = tf.tidy(compute);
  try {
    return result.dataSync<"float32">();
  } finally {
    result.dispose();
  }
}

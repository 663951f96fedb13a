/** What this project has to reach in each case of the benchmark: how many times as fast as a peer, or as all of them. */
import type { Precision } from "../../lib/config.ts";

/** Ours should be at least `atLeast` times as fast as the peer of this name; null: as each of them. */
export interface Target {
  readonly peer: string | null;
  readonly atLeast: number;
}

/** By case, at float32. Of 200 × 150 pixels sharp's cost for a call is most of the work: a third of Pillow's speed is 1,000 a second. */
const float32: Readonly<Record<string, readonly Target[]>> = {
  "decode, 200 × 150": [{ peer: "Pillow", atLeast: 0.33 }],
  "decode, 600 × 450": [{ peer: "Pillow", atLeast: 0.9 }],
  augmentation: [{ peer: null, atLeast: 1 }],
  features: [{ peer: "ONNX Runtime", atLeast: 1.3 }, { peer: "Keras predict", atLeast: 1.4 }],
  metrics: [{ peer: null, atLeast: 1 }],
  bootstrap: [{ peer: null, atLeast: 1 }],
  training: [{ peer: null, atLeast: 1 }],
};

/** On CPUs that compute in it; the softmax alone has no convolution, so it is not trained in it. */
const bfloat16: typeof float32 = {
  features: [{ peer: "OpenVINO", atLeast: 0.95 }],
  training: [{ peer: "PyTorch", atLeast: 0.95 }],
};

/** A whole `quick` run beside a script for Keras that does the same. */
export const wholeRunTargets = { careful: 1.5, "write-up": 20 } as const;

/** The comparison of the optimizers beside its training steps alone, in time. */
export const comparisonAtMost = 1.2;

/** With eight times the images: time for each image, and memory, beside those of one time. Cores at work while VGG16 runs. */
export const growthTargets = { timeAtMost: 1.1, memoryAtMost: 1.1, coresAtLeast: 0.9 } as const;

/** @param stage the case's name up to a depth or a size, or the whole of it */
export function targetsOf(name: string, precision: Precision = "float32"): readonly Target[] {
  const all = precision === "float32" ? float32 : bfloat16;
  return all[name] ?? all[name.split(",")[0]] ?? [];
}

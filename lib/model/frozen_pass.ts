/**
 * Runs images through the frozen layers on all cores. TensorFlow and a GPU have threads of their own. WebAssembly has one thread, so
 * several workers compute there, each with its own backend and weights. All workers give the same features to the bit.
 */
import { pixelsIn, sidesOf } from "../image_size.ts";
import { engine, readValues, tf } from "../support/engine/engine.ts";
import { type BaseOptions, makeBase } from "./forward.ts";
import type { Vgg16Weights } from "./weights.ts";

/** Must be disposed of: it holds the weights. */
export interface FrozenPass extends Disposable {
  /** RGB 0–255, (n, height, width, 3) → (n, outputs), float32. */
  forward(pixels: Float32Array<ArrayBuffer>): Promise<Float32Array>;
}

type Weights = Pick<Vgg16Weights, "layers">;

/** A worker's first message, and then one for each part of a batch. It answers with features; to the first message with none. */
export type WorkerRequest =
  | { readonly weights: Weights; readonly options: BaseOptions }
  | { readonly pixels: Float32Array<ArrayBuffer> };

/** @param options.workers number of workers on WebAssembly. Default: one per core, at most 8, because each holds 59 MB of weights */
export function makePass(
  weights: Weights,
  { workers = Math.min(8, navigator.hardwareConcurrency), ...options }: BaseOptions & { workers?: number },
): FrozenPass {
  if (engine.name === "wasm" && workers > 1) return passOfWorkers(weights, options, workers);
  const base = makeBase(weights, options);
  const sides = sidesOf(options.size);
  return {
    forward: (pixels) => {
      const n = pixels.length / (3 * pixelsIn(options.size));
      return readValues(() => base.forward(tf.tensor4d(pixels, [n, ...sides, 3])));
    },
    [Symbol.dispose]: () => base[Symbol.dispose](),
  };
}

function passOfWorkers({ layers }: Weights, options: BaseOptions, count: number): FrozenPass {
  const { size, scaling, depth, precision } = options;
  const workers = Array.from({ length: count }, () => startWorker());
  const ready = Promise.all(
    workers.map(({ ask }) => ask({ weights: { layers }, options: { size, scaling, depth, precision } })),
  );
  ready.catch(() => {}); // thrown where `ready` is awaited
  return {
    async forward(pixels) {
      await ready;
      const length = 3 * pixelsIn(size);
      const n = pixels.length / length;
      const bounds = Array.from({ length: count + 1 }, (_, i) => Math.round(i * n / count));
      const parts = await Promise.all(workers.map(async ({ ask }, i) => {
        const [start, end] = [bounds[i], bounds[i + 1]];
        return start < end
          ? await ask({ pixels: pixels.slice(start * length, end * length) })
          : new Float32Array();
      }));
      const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
      parts.reduce((place, part) => (values.set(part, place), place + part.length), 0);
      return values;
    },
    [Symbol.dispose]: () => workers.forEach(({ worker }) => worker.terminate()),
  };
}

/** A worker that answers one request at a time. */
function startWorker() {
  const worker = new Worker(new URL("./frozen_worker.ts", import.meta.url), { type: "module" });
  const ask = (request: WorkerRequest) => {
    const { promise, resolve, reject } = Promise.withResolvers<Float32Array>();
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`A worker of the WebAssembly engine ended: ${event.message}`));
    };
    worker.postMessage(request, "pixels" in request ? [request.pixels.buffer] : []);
    return promise;
  };
  return { worker, ask };
}

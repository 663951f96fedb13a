/**
 * TensorFlow.js on a GPU of any maker through WebGPU: by Vulkan under Linux, Metal under macOS, DirectX 12 under Windows. CUDA is not
 * needed.
 *
 * It is unlike the other engines in three things. What it has computed is read later, never at once. A step that the GPU refuses
 * raises nothing and leaves zeros: so faults are collected, and reading throws them. And memory that a tensor has given back stays
 * allocated, for the next tensor of the same size, until `freeUnused` is called.
 */
import type * as TF from "@tensorflow/tfjs";
import { type Adapter, describeAdapter, findAdapter, noAdapterText } from "./adapter.ts";

/** TensorFlow.js on a GPU. */
export interface WebGpu {
  readonly tf: typeof TF;
  readonly adapter: Adapter;
  /** The values of tensors, once the GPU has them. @throws {Error} where it has refused a step, or is gone */
  read(tensors: readonly TF.Tensor[]): Promise<Float32Array[]>;
  /** Gives memory back that no tensor has. To be called where tensors of other shapes come next. */
  freeUnused(): void;
}

/** What of tfjs' backend is looked into. Its buffers that nobody has are kept by size and use. */
interface Backend {
  readonly device: GPUDevice;
  readonly bufferManager: {
    readonly freeBuffers: Map<string, GPUBuffer[]>;
    numFreeBuffers: number;
    numBytesAllocated: number;
  };
}

/** @throws {Error} where there is no adapter, with what to install */
export async function startWebGpu(): Promise<WebGpu> {
  const found = await findAdapter();
  if (!found) throw new Error(noAdapterText());
  const { default: tf } = await import("@tensorflow/tfjs") as unknown as { default: typeof TF };
  await import("@tensorflow/tfjs-backend-webgpu");
  if (!await tf.setBackend("webgpu")) {
    throw new Error(`WebGPU does not start on ${found.info.description}. ${noAdapterText()}`);
  }
  await tf.ready();
  const { device, bufferManager } = tf.backend() as unknown as Backend;
  const fault = watch(device);
  return {
    tf,
    adapter: describeAdapter(found.info),
    async read(tensors) {
      try {
        return await Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
      } finally {
        fault.throwIfAny(); // it says more than a failed read
      }
    },
    freeUnused() {
      for (const buffers of bufferManager.freeBuffers.values()) {
        for (const buffer of buffers.splice(0)) {
          bufferManager.numBytesAllocated -= buffer.size;
          bufferManager.numFreeBuffers--;
          buffer.destroy();
        }
      }
    },
  };
}

/** Collects what the device refuses. */
function watch(device: GPUDevice): { throwIfAny(): void } {
  let first: string | null = null; // the others follow from it
  let isLost = false;
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    first ??= (event as GPUUncapturedErrorEvent).error.message;
  });
  device.lost.then(({ message }) => {
    isLost = true;
    first ??= message;
  });
  return {
    throwIfAny() {
      if (first === null && !isLost) return;
      const why = first;
      first = null;
      throw new Error(
        isLost
          ? `The GPU is gone (${why}). What is stored is kept: the same command goes on from there`
          : `The GPU refused a step. Take smaller images or batches, or close other programs that use it. Received: ${why}`,
      );
    },
  };
}

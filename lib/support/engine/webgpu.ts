/**
 * TensorFlow.js on a GPU of any maker through WebGPU (Vulkan under Linux, Metal under macOS, DirectX 12 under Windows), without
 * CUDA.
 *
 * It differs from the other engines in three ways. Results can only be read asynchronously. A step that the GPU refuses throws
 * nothing and leaves zeros, so faults are collected, and reading throws them. The memory of a freed tensor stays allocated for
 * the next tensor of the same size, until `freeUnused` is called.
 */
import type * as TF from "@tensorflow/tfjs";
import { type Adapter, describeAdapter, findAdapter, noAdapterText } from "./adapter.ts";

/** TensorFlow.js on a GPU. */
export interface WebGpu {
  readonly tf: typeof TF;
  readonly adapter: Adapter;
  /** The values of tensors, once the GPU has computed them. @throws {Error} if it has refused a step, or is gone */
  read(tensors: readonly TF.Tensor[]): Promise<Float32Array[]>;
  /** Frees the memory that no tensor uses. Call it before tensors of other shapes are made. */
  freeUnused(): void;
}

/** The parts of tfjs' backend used here. It keeps unused buffers, by size and use. */
interface Backend {
  readonly device: GPUDevice;
  readonly bufferManager: {
    readonly freeBuffers: Map<string, GPUBuffer[]>;
    numFreeBuffers: number;
    numBytesAllocated: number;
  };
}

/** Starts TensorFlow.js on the GPU. @throws {Error} if there is no adapter, with what to install */
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

/** Collects the errors of the device. */
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
      if (!isLost) first = null; // a lost device stays lost
      throw new Error(
        isLost
          ? `The GPU is gone (${why}). Stored results are kept: the same command continues from there`
          : `The GPU refused a step. Take smaller images or batches, or close other programs that use it. Received: ${why}`,
      );
    },
  };
}

/** Reads the convolutions of VGG16 out of the HDF5 layouts that Keras has written over the years. */
import h5wasm, { type Dataset, type File, type Group } from "h5wasm/node";
import { resolve } from "node:path";
import { weightsFile } from "../config.ts";
import { firstOf } from "../support/format.ts";
import { convolutions, type Layer } from "./vgg16.ts";

/** Weights of one convolution. */
export interface ConvolutionWeights {
  readonly name: string;
  /** (3, 3, inputs, outputs), row-major: Keras' order. */
  readonly kernel: Float32Array;
  /** (outputs) */
  readonly bias: Float32Array;
}

/**
 * Reads the 13 convolutions in the network's order. Checks their shapes, not their values.
 *
 * A layer's group is found by its name at any depth (`/block1_conv1`, `/model_weights/block1_conv1`, also inside a nested `vgg16`), or
 * by its number (`/layers/conv2d_3`). The group's array of rank 4 is the kernel and its array of rank 1 the bias, whatever their names
 * are (`block1_conv1_W_1:0`, `kernel:0`, `kernel`, `vars/0`). The fully connected layers of a file with top are skipped.
 *
 * @throws {Error} if the file is missing, not HDF5, cut off, or holds another network; the message says which
 */
export async function readKerasTensors(path: string): Promise<ConvolutionWeights[]> {
  await checkHdf5(path);
  const hdf5 = await h5wasm.ready;
  hdf5.activate_throwing_error_handler(); // otherwise the library prints its errors and goes on
  let file: File | undefined;
  try {
    file = attempt(path, "the file", () => new h5wasm.File(resolve(path), "r"));
    return readConvolutions(path, file);
  } finally {
    hdf5.deactivate_throwing_error_handler();
    file?.close();
  }
}

const anotherNetwork = `It is another network's file: give VGG16's, ${weightsFile}`;

function readConvolutions(path: string, file: File): ConvolutionWeights[] {
  const groups = new Map<string, Group>();
  attempt(path, "its list of layers", () => findGroups(file, groups));
  const expected = new Set(convolutions.map(({ name }) => name));
  const missing = convolutions.filter(({ name }) => !groups.has(name)).map(({ name }) => name);
  const strange = [...groups.keys()].filter((name) => !expected.has(name));
  if (missing.length > 0 || strange.length > 0) {
    const top = file.keys();
    const holds = firstOf(top, 8);
    const received = missing.length > 0
      ? `no ${missing.join(", ")}; the file holds ${holds || "nothing"}`
      : `${strange.join(", ")} as well`;
    throw new Error(
      `${path}: expected the 13 convolutions of VGG16, block1_conv1 … block5_conv3. Received: ${received}. ${anotherNetwork}`,
    );
  }
  return convolutions.map((layer) => readConvolution(path, layer, groups.get(layer.name)!));
}

/** Collects the groups named like a convolution of any VGG, so VGG19's file is recognised as another network's. */
function findGroups(group: Group, found: Map<string, Group>): void {
  for (const key of group.keys()) {
    const item = group.get(key);
    if (!isGroup(item)) continue;
    const name = layerName(key);
    if (name !== undefined && !found.has(name)) found.set(name, item);
    else findGroups(item, found);
  }
}

/** The layer in a group named like `block1_conv1`, or numbered as in Keras 3's `.weights.h5`: `conv2d`, `conv2d_1`. */
function layerName(key: string): string | undefined {
  if (/^block\d+_conv\d+$/.test(key)) return key;
  const counted = /^conv2d(?:_(\d+))?$/.exec(key);
  return counted ? convolutions[Number(counted[1] ?? 0)]?.name ?? key : undefined;
}

function readConvolution(path: string, layer: Layer, group: Group): ConvolutionWeights {
  const { name, inputs, outputs } = layer;
  const datasets = attempt(path, name, () => datasetsIn(group));
  const read = (part: string, shape: number[]): Float32Array => {
    const dataset = datasets.find((candidate) => candidate.shape?.length === shape.length);
    if (dataset?.shape?.join() !== shape.join() || typeName(dataset) !== "float32") {
      const arrays = datasets.map((dataset) => `(${dataset.shape?.join(", ")}) ${typeName(dataset)}`);
      throw new Error(
        `${path}: ${name} should have a ${part} of shape (${shape.join(", ")}), float32. ` +
          `Received: ${arrays.join(" and ") || "no arrays"}. ${anotherNetwork}`,
      );
    }
    return attempt(path, `${name}'s ${part}`, () => {
      const { value } = dataset;
      if (value instanceof Float32Array) return value;
      throw new Error(String(value));
    });
  };
  return { name, kernel: read("kernel", [3, 3, inputs, outputs]), bias: read("bias", [outputs]) };
}

function datasetsIn(group: Group): Dataset[] {
  return group.keys().flatMap((name) => {
    const item = group.get(name);
    if (isGroup(item)) return datasetsIn(item);
    return item instanceof h5wasm.Dataset ? [item] : [];
  });
}

function isGroup(item: unknown): item is Group {
  return item instanceof h5wasm.Group;
}

function typeName({ metadata }: Dataset): string {
  const kind = metadata.type === 1 ? "float" : `type ${metadata.type}, `;
  return `${kind}${metadata.size * 8}`;
}

/**
 * Reports in plain words what h5wasm would report as a stack of library calls. Checks the signature, and compares the length in the
 * file's superblock (HDF5 File Format Specification 3.0, II.A) with the actual length.
 */
async function checkHdf5(path: string): Promise<void> {
  const head = new Uint8Array(64);
  let length: number;
  try {
    using file = await Deno.open(path, { read: true });
    const info = await file.stat();
    if (info.isDirectory) throw new Error("it is a folder");
    length = info.size;
    await file.read(head);
  } catch (cause) {
    const received = messageOf(cause);
    throw new Error(
      `${path}: the weight file cannot be opened. Received: ${received}. Check the path, or run without weights`,
      { cause },
    );
  }
  if (![0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, i) => head[i] === byte)) {
    const shown = new TextDecoder("latin1").decode(head.subarray(0, 16));
    throw new Error(
      `${path}: expected an HDF5 file, which begins with "\\x89HDF". Received: ${length} bytes, beginning with ` +
        `${JSON.stringify(shown)}. A download that failed often leaves a web page: download it again`,
    );
  }
  const view = new DataView(head.buffer);
  const promised = Number(view.getBigUint64(head[8] < 2 ? 40 : 28, true)); // end-of-file address, 8-byte offsets
  if (length < promised) {
    throw new Error(
      `${path}: the file is cut off: expected ${promised} bytes. Received: ${length} bytes. Download it again`,
    );
  }
}

/** Returns what `work` reads. If it fails, throws an error that says what is unreadable. */
function attempt<T>(path: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const received = messageOf(cause);
    throw new Error(
      `${path}: ${what} cannot be read. Received: ${received}. The file was damaged: download it again`,
      { cause },
    );
  }
}

/** An error's message. In a stack of HDF5 calls, the innermost one says what is wrong. */
function messageOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return [...message.matchAll(/#\d+: .*?\(\): (.*)/g)].at(-1)?.[1] ?? message;
}

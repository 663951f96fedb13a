/** Reads tensors of one shape into one array, again and again. */
import type { Tensor } from "@tensorflow/tfjs";
import { engine, tf } from "./engine.ts";

export interface TensorReader extends Disposable {
  /** The tensor's values; in the reader's array, where it has one, until the next call. */
  read(tensor: Tensor): Float32Array;
}

/** From so many values on, writing into an array takes less time than making a new one. */
const worthIt = 16_384;

/**
 * `dataSync` makes an array for every answer and clears it before it copies: for millions of values that is more than half of its
 * time. TensorFlow's `InplaceUpdate` changes rows of a tensor where it lies, and a tensor made of an array lies in that array.
 *
 * @param array of the tensors' length; what it holds is lost. None: every answer is a new array
 */
export function makeTensorReader(array?: Float32Array): TensorReader {
  const row = array && array.length >= worthIt && engine.name === "tfjs-node" ? makeRow(array) : null;
  return {
    read(tensor) {
      if (row) row.write(tensor);
      else if (array) array.set(tensor.dataSync<"float32">());
      else return tensor.dataSync<"float32">();
      return array!;
    },
    [Symbol.dispose]: () => row?.dispose(),
  };
}

/** The array as a tensor of one row. Null where TensorFlow has taken a copy of it, as it does of addresses that do not suit it. */
function makeRow(array: Float32Array) {
  const backend = tf.backend() as unknown as NodeBackend;
  const shape: [number, number] = [1, array.length];
  const target = tf.tensor2d(array, shape);
  const first = tf.tensor1d([0], "int32");
  const type = { name: "T", type: backend.binding.TF_ATTR_TYPE, value: backend.binding.TF_FLOAT };
  const row = {
    write: (tensor: Tensor) =>
      tf.tidy(() => { // returns nothing: what the operation gives is the target once more
        backend.executeSingleOutput("InplaceUpdate", [type], [target, first, tensor.reshape(shape)]);
      }),
    dispose: () => tf.dispose([target, first]),
  };
  array.fill(0);
  tf.tidy(() => row.write(tf.ones(shape)));
  if (array[0] === 1 && array.at(-1) === 1) return row;
  row.dispose();
  return null;
}

/** What of tfjs-node's backend runs an operation by name. */
interface NodeBackend {
  readonly binding: { readonly TF_ATTR_TYPE: number; readonly TF_FLOAT: number };
  executeSingleOutput(name: string, attributes: readonly object[], inputs: readonly Tensor[]): Tensor;
}

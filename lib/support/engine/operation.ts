/** Runs TensorFlow's operations by name on the native engine, if tfjs has no function for them. */
import type { Tensor } from "@tensorflow/tfjs";
import { engine, tf } from "./engine.ts";

/** TensorFlow's numbers for the dtypes used here. */
export const dtypes = { float32: 1, bfloat16: 14 } as const;

/** An operation's attributes: a number is a dtype, a list holds whole numbers. Omitted ones have TensorFlow's default. */
export type Attributes = Readonly<Record<string, number | readonly number[] | string | boolean>>;

/** The parts of tfjs-node's backend that run an operation. */
interface NodeBackend {
  readonly binding: {
    readonly TF_FLOAT: number;
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_INT: number;
    readonly TF_ATTR_STRING: number;
    readonly TF_ATTR_BOOL: number;
    executeOp(name: string, attributes: object[], inputs: number[], outputs: number): { dtype: number }[];
  };
  getInputTensorIds(inputs: readonly Tensor[]): number[];
  createOutputTensor(metadata: { dtype: number }): Tensor;
}

/**
 * Runs an operation and returns its one output. tfjs takes it for float32, whatever it is, and so keeps and frees tensors of
 * dtypes that it does not know. Only `operation` may read such a tensor.
 *
 * @throws {RangeError} on another engine
 */
export function operation(name: string, inputs: readonly Tensor[], attributes: Attributes): Tensor {
  if (engine.name !== "tfjs-node") {
    throw new RangeError(
      `TensorFlow's ${name}, as for bfloat16, needs the native engine. Received: ${engine.name}`,
    );
  }
  const backend = tf.backend() as unknown as NodeBackend;
  const { binding } = backend;
  const kinds = {
    number: binding.TF_ATTR_TYPE,
    string: binding.TF_ATTR_STRING,
    boolean: binding.TF_ATTR_BOOL,
  };
  const list = Object.entries(attributes).map(([name, value]) => ({
    name,
    type: Array.isArray(value) ? binding.TF_ATTR_INT : kinds[typeof value as keyof typeof kinds],
    value,
  }));
  const [output] = binding.executeOp(name, list, backend.getInputTensorIds(inputs), 1);
  return backend.createOutputTensor({ ...output, dtype: binding.TF_FLOAT });
}

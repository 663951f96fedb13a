/**
 * Shows where in an image a class's logit comes from: R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
 * Gradient-based Localization", ICCV 2017. It is a picture to look at, not a proof of why the network gives its answer.
 */
import type { Tensor1D, Tensor3D, Tensor4D } from "@tensorflow/tfjs";
import type { Scaling } from "../config.ts";
import { type ImageSize, sidesOf } from "../image_size.ts";
import { readValues, tf } from "../support/engine/engine.ts";
import { makeBase } from "./forward.ts";
import { inputShape, layers } from "./vgg16.ts";
import type { Vgg16Weights } from "./weights.ts";

interface Network extends Pick<Vgg16Weights, "layers"> {
  readonly size: ImageSize;
  readonly scaling: Scaling;
  readonly head: { readonly kernel: Float32Array; readonly bias: Float32Array; readonly classes: number };
}

/**
 * The Grad-CAM heat map of one class, from the output of block5_conv3. Each channel is weighted by the mean gradient of the class's
 * logit. The weighted sum is cut at 0 and divided by its largest value.
 *
 * @param image RGB, 0–255, (height, width, 3), of the network's size
 * @returns (height, width) of the image, 0–1, interpolated bilinearly; all 0 if nothing supports the class
 */
export async function gradCam(network: Network, image: Uint8Array, label: number): Promise<Float32Array> {
  const { size, scaling, head } = network;
  const [height, width] = sidesOf(size);
  using base = makeBase(network, { size, scaling, depth: "block5" });
  return await readValues(() => {
    const pixels = tf.tensor4d(Int32Array.from(image), [1, height, width, 3], "int32");
    const before = base.forward(pixels).reshape<Tensor4D>([1, ...inputShape("block5", size)]);
    const own = layers.filter(({ name, kind }) => name.startsWith("block5") && kind === "convolution");
    const last = own.reduce((x, { name, inputs, outputs }) => {
      const { kernel, bias } = network.layers.find((layer) => layer.name === name)!;
      const filter = tf.tensor4d(kernel, [3, 3, inputs, outputs]);
      return tf.conv2d(x, filter, 1, "same").add<Tensor4D>(tf.tensor1d(bias)).relu();
    }, before);
    const logit = (activations: Tensor4D) => {
      const features = tf.maxPool(activations, 2, 2, "valid").reshape([1, -1]);
      const ofClass = tf.tensor2d(head.kernel, [head.kernel.length / head.classes, head.classes])
        .slice([0, label], [-1, 1]);
      return tf.matMul(features.as2D(1, features.size), ofClass).asScalar();
    };
    const gradient = tf.grad((x) => logit(x as Tensor4D))(last);
    const weights = gradient.mean<Tensor1D>([0, 1, 2]);
    const heat = last.mul(weights).sum<Tensor3D>(3).relu(); // (1, rows, columns)
    const most = heat.max();
    const shares = heat.div<Tensor3D>(tf.where(most.greater(0), most, tf.onesLike(most)));
    return tf.image.resizeBilinear(shares.expandDims<Tensor4D>(3), [height, width], false, true).flatten();
  });
}

/** The image with the heat map over it in red, for display only. @returns RGB, 0–255, of the image's shape */
export function withHeat(image: Uint8Array, heat: Float32Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(image, (value, i) => {
    const share = 0.6 * heat[Math.floor(i / 3)];
    const red = i % 3 === 0 ? 255 : 40;
    return Math.round((1 - share) * value + share * red);
  });
}

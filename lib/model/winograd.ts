/**
 * 3×3 convolution with a quarter of the multiplications or less: Winograd's minimal filtering F(4×4, 3×3) to F(8×8, 3×3).
 *
 * A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks" (2015): each 4×4 tile of the output is
 * Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, where d is the 6×6 patch of the input around it and g the kernel; 36 multiplications in place of
 * 144. Summed over the channels, ⊙ becomes 36 matrix products, the form a CPU multiplies fastest in. An 8×8 tile takes 100 in place
 * of 576. The sums round differently from direct convolution: see `WinogradOptions`.
 *
 * Images lie as (height, width, batch, channels) here, so that the tile transforms of a whole axis, its zero padding
 * included, are one matrix product from the left each.
 */
import type { GradSaveFunc, Tensor, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs";
import { tf } from "../support/engine/engine.ts";
import { kernelWeights, type ToomCook, toomCook, weightBack, weightInto } from "./toom_cook.ts";

export interface WinogradOptions {
  /**
   * `fine`: 4×4 outputs a tile, a relative error of about 1e-6 a layer. `coarse`: up to 8×8, a sixth less time, an error of 1e-5 to
   * 1e-4 a layer on noise and less on photos: for what is stored as half floats anyway.
   */
  readonly tiles: "fine" | "coarse";
}

export interface Winograd {
  /** G g Gᵀ of a kernel (3, 3, inputs, outputs): (values a patch, inputs, outputs). Differentiable. */
  filter(kernel: Tensor4D): Tensor3D;
  /**
   * Adds nothing, activates nothing: (side, side, n, inputs) → (side, side, n, outputs). Differentiable.
   *
   * @param filter as `filter` gives it
   * @param options.isFirst whether no gradient with respect to the images is wanted: it is a third of the work backwards
   */
  convolve(images: Tensor4D, filter: Tensor3D, options?: { isFirst: boolean }): Tensor4D;
  dispose(): void;
}

type Transform = Pick<Winograd, "convolve" | "dispose">;

/** The tiles, square, and the order of the work. */
interface Form {
  readonly tiles: ToomCook;
  /**
   * `at once`: both axes in one product, few operations, and with at most 2×2 tiles the matrices are small. Else one axis after the
   * other: `by tile` takes a product of channels for each tile, and the way back across is a small matrix for each; `by tap` takes one for a
   * whole line of tiles, which multiplies faster, and the way back across is one large matrix, which pays while the line is short.
   */
  readonly order: "at once" | "by tile" | "by tap";
}

/** Whether `makeWinograd` takes images of this side: the tiles must cover it, and on larger ones the transforms cost more. */
export function winogradFits(side: number): boolean {
  return side % 4 === 0 && side <= 32;
}

/** The transforms for images of one side, shared by all layers of that side. */
export function makeWinograd(side: number, options: WinogradOptions): Winograd {
  if (!winogradFits(side)) {
    throw new RangeError(
      `Winograd's tiles need a side that is a multiple of 4, up to 32. Received: ${side}`,
    );
  }
  const form = formOf(side, options);
  const weights = kernelWeights(form.tiles);
  return {
    ...form.order === "at once" ? makeAtOnce(side, form.tiles) : makeByAxis(side, form),
    filter: (kernel) =>
      tf.tidy(() => {
        const [, , inputs, outputs] = kernel.shape;
        const taps = kernel.reshape<Tensor2D>([9, inputs * outputs]);
        return tf.matMul(tf.tensor2d(weights), taps).reshape([weights.length, inputs, outputs]);
      }),
  };
}

function formOf(side: number, { tiles }: WinogradOptions): Form {
  if (tiles === "fine") return { tiles: toomCook(4), order: side <= 8 ? "at once" : "by tile" };
  const order = side <= 4 ? "at once" : side <= 16 ? "by tap" : "by tile";
  return { tiles: toomCook(side % 8 === 0 ? 8 : 4), order };
}

/** Both axes in one product, their matrices multiplied out. */
function makeAtOnce(side: number, form: ToomCook): Transform {
  const { patch } = form;
  const tiles = side / form.tile;
  const bothAxes = (weight: typeof weightInto) =>
    // rows (a, b, ty, tx), columns (y, x)
    count(patch).flatMap((a) =>
      count(patch).flatMap((b) =>
        count(tiles).flatMap((ty) =>
          count(tiles).map((tx) =>
            count(side).flatMap((y) =>
              count(side).map((x) => weight(form, [ty, a], y) * weight(form, [tx, b], x))
            )
          )
        )
      )
    );
  const into2 = tf.keep(tf.tensor2d(bothAxes(weightInto)));
  const back2 = tf.keep(tf.tidy(() => tf.tensor2d(bothAxes(weightBack)).transpose<Tensor2D>()));
  return {
    convolve: (images, filter) =>
      tf.tidy(() => {
        const [, , n, inputs] = images.shape;
        const outputs = filter.shape[2];
        const patches = into2.matMul(images.reshape([side * side, n * inputs])); // ((a, b, ty, tx), (n, inputs))
        const products = tf.matMul(patches.reshape([patch ** 2, tiles ** 2 * n, inputs]), filter);
        const result = back2.matMul(products.reshape([patch ** 2 * tiles ** 2, n * outputs]));
        return result.reshape([side, side, n, outputs]);
      }),
    dispose: () => tf.dispose([into2, back2]),
  };
}

/** One axis after the other. */
function makeByAxis(side: number, { tiles: form, order }: Form): Transform {
  const { tile, patch, At } = form;
  const tiles = side / tile;
  const long = tiles * patch;
  const byTap = order === "by tap";
  const tileFirst = (row: number) => [Math.floor(row / patch), row % patch] as const; // rows (t, a)
  const tapFirst = (row: number) => [row % tiles, Math.floor(row / tiles)] as const; // rows (a, t)
  const across = byTap ? tapFirst : tileFirst;
  const matrixInto = (place: typeof across) =>
    tf.keep(tf.tensor3d([count(long).map((row) => count(side).map((x) => weightInto(form, place(row), x)))]));
  const ofTile = At.map((row) => [...row]); // (x of a tile, a)
  const ofLine = () => count(side).map((x) => count(long).map((row) => weightBack(form, across(row), x))); // (x, (b, tx))
  const intoDown = matrixInto(tileFirst); // (1, (ty, a), y)
  const intoAcross = matrixInto(across); // (1, (tx, b) or (b, tx), x)
  const backDown = tf.keep(tf.tensor3d([ofTile]));
  const backAcross = tf.keep(tf.tensor3d([byTap ? ofLine() : ofTile]));
  const [, backX, backB] = backAcross.shape;

  // How ((ty, a), across, n, channels) is looked at to be multiplied with (a, b, inputs, outputs), and with both taps in front
  const view = byTap
    ? (n: number, channels: number) => [tiles, patch, patch, tiles * n, channels]
    : (n: number, channels: number) => [tiles, patch, tiles, patch, n, channels];
  const filterView = byTap
    ? (channels: number[]) => [1, patch, patch, ...channels]
    : (channels: number[]) => [1, patch, 1, patch, ...channels];
  const tapsInFront = byTap ? [1, 2, 0, 3, 4] : [1, 3, 0, 2, 4, 5];

  const into2 = (images: Tensor4D) => { // (y, x, n, channels) → view
    const [, , n, channels] = images.shape;
    const rows = tf.matMul(intoDown, images.reshape([1, side, side * n * channels])); // ((ty, a), (x, n, channels))
    return tf.matMul(intoAcross, rows.reshape([long, side, n * channels])).reshape(view(n, channels));
  };
  const into2Back = (patches: Tensor, n: number) => { // the gradient of into2
    const channels = patches.shape.at(-1)!;
    const rows = tf.matMul(intoAcross, patches.reshape([long, long, n * channels]), true);
    return tf.matMul(intoDown, rows.reshape([1, long, side * n * channels]), true)
      .reshape<Tensor4D>([side, side, n, channels]);
  };
  const back2 = (products: Tensor, n: number) => { // view → (y, x, n, channels)
    const channels = products.shape.at(-1)!;
    const lines = tf.matMul(backAcross, products.reshape([long * side / backX, backB, n * channels])); // ((ty, a), x, (n, channels))
    return tf.matMul(backDown, lines.reshape([tiles, patch, side * n * channels]))
      .reshape<Tensor4D>([side, side, n, channels]);
  };
  const back2Back = (images: Tensor4D) => { // the gradient of back2
    const [, , n, channels] = images.shape;
    const lines = tf.matMul(backDown, images.reshape([tiles, tile, side * n * channels]), true);
    return tf.matMul(backAcross, lines.reshape([long * side / backX, backX, n * channels]), true)
      .reshape(view(n, channels));
  };
  // tfjs cannot differentiate a product in which one factor serves many tiles
  const convolutionOf = (isFirst: boolean) =>
    tf.customGrad((...[images, filter, save]) => {
      const n = (images as Tensor4D).shape[2];
      const channels = (filter as Tensor3D).shape.slice(1);
      const patches = into2(images as Tensor4D);
      (save as GradSaveFunc)([patches, filter as Tensor]);
      const value = back2(tf.matMul(patches, (filter as Tensor3D).reshape(filterView(channels))), n);
      const gradFunc = (gradient: Tensor4D, [patches, filter]: Tensor[]) => {
        const products = back2Back(gradient);
        const ofTaps = (x: Tensor) =>
          x.transpose(tapsInFront).reshape<Tensor3D>([patch ** 2, -1, x.shape.at(-1)!]);
        const ofImages = () =>
          into2Back(tf.matMul(products, filter.reshape(filterView(channels)), false, true), n);
        const ofFilter = tf.matMul(ofTaps(patches), ofTaps(products), true, false);
        return [isFirst ? tf.scalar(NaN) : ofImages(), ofFilter]; // where it is not wanted, nobody looks at it
      };
      return { value, gradFunc: gradFunc as never };
    });
  const [first, later] = [convolutionOf(true), convolutionOf(false)];
  return {
    convolve: (images, filter, { isFirst } = { isFirst: false }) =>
      tf.tidy(() => (isFirst ? first : later)(images, filter) as Tensor4D),
    dispose: () => tf.dispose([intoDown, intoAcross, backDown, backAcross]),
  };
}

/** 0 … n − 1 */
function count(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

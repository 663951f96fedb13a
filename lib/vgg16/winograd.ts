/**
 * 3×3 convolution with a quarter of the multiplications: Winograd's minimal filtering F(4×4, 3×3).
 *
 * A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks" (2015): each 4×4 tile of the output is
 * Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, where d is the 6×6 patch of the input around it and g the kernel; 36 multiplications in place of
 * 144. Summed over the channels, ⊙ becomes 36 matrix products, the form a CPU multiplies fastest in. The sums round
 * differently from direct convolution: the relative error of a layer is about 1e-6.
 *
 * Images lie as (height, width, batch, channels) here, so that the tile transforms of a whole axis, its zero padding
 * included, are one matrix product from the left each.
 */
import type { GradSaveFunc, Rank, Tensor, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs";
import { tf } from "../tensorflow/engine.ts";

/**
 * Interpolation points besides infinity. 0, ±5/8, ±3/2 instead of Lavin's 0, ±1, ±2 halve the rounding error (compare
 * B. Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution", 2020); Aᵀ and Bᵀ stay exact.
 */
const points = [0, 5 / 8, -5 / 8, 3 / 2, -3 / 2];
const tile = 4;
const patch = 6;

export interface Winograd {
  /**
   * Adds nothing, activates nothing: (side, side, n, inputs) → (side, side, n, outputs).
   *
   * @param options.isFirst whether no gradient with respect to the images is wanted: it is a third of the work backwards
   */
  convolve(images: Tensor4D, filter: Tensor3D, options?: { isFirst: boolean }): Tensor4D;
  dispose(): void;
}

/** Whether `makeWinograd` takes images of this side: the tiles must cover it, and on larger ones the transforms cost more. */
export function winogradFits(side: number): boolean {
  return side % tile === 0 && side <= 32;
}

/** The transforms for images of one side, shared by all layers of that side. */
export function makeWinograd(side: number): Winograd {
  if (!winogradFits(side)) {
    throw new RangeError(
      `Winograd's tiles need a side that is a multiple of ${tile}, up to 32. Received: ${side}`,
    );
  }
  return side <= 2 * tile ? makeForSmall(side) : makeByAxis(side);
}

/** Both axes in one product: few operations, and with at most 2×2 tiles the matrices are small. */
function makeForSmall(side: number): Winograd {
  const { into, back } = transforms();
  const tiles = side / tile;
  const into2 = tf.keep(tf.tensor2d(bothAxes(into, side))); // ((a, b, ty, tx), (y, x))
  const back2 = tf.keep(tf.tidy(() => tf.tensor2d(bothAxes(back, side)).transpose<Tensor2D>()));
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

/** One axis after the other, and back tile by tile. */
function makeByAxis(side: number): Winograd {
  const { At, into } = transforms();
  const tiles = side / tile;
  const long = tiles * patch;
  const rowsInto = Array.from(
    { length: long },
    (_, row) => Array.from({ length: side }, (_, x) => into(Math.floor(row / patch), row % patch, x)),
  );
  const into1 = tf.keep(tf.tensor3d([rowsInto])); // (1, (t, a), x)
  const back1 = tf.keep(tf.tensor3d([At])); // (1, 4, a)
  const into2 = (images: Tensor4D) => { // (y, x, n, channels) → (ty, a, tx, b, n, channels)
    const [, , n, channels] = images.shape;
    const rows = tf.matMul(into1, images.reshape([1, side, side * n * channels])); // ((ty, a), (x, n, channels))
    return tf.matMul(into1, rows.reshape([long, side, n * channels]))
      .reshape<Tensor<Rank.R6>>([tiles, patch, tiles, patch, n, channels]);
  };
  const into2Back = (patches: Tensor<Rank.R6>) => { // the gradient of into2
    const [n, channels] = patches.shape.slice(4);
    const rows = tf.matMul(into1, patches.reshape([long, long, n * channels]), true);
    return tf.matMul(into1, rows.reshape([1, long, side * n * channels]), true)
      .reshape<Tensor4D>([side, side, n, channels]);
  };
  const back2 = (products: Tensor<Rank.R6>) => { // (ty, a, tx, b, n, channels) → (y, x, n, channels)
    const [n, channels] = products.shape.slice(4);
    const lines = tf.matMul(back1, products.reshape([long * tiles, patch, n * channels])); // ((ty, a, tx), x, (n, channels))
    return tf.matMul(back1, lines.reshape([tiles, patch, side * n * channels]))
      .reshape<Tensor4D>([side, side, n, channels]);
  };
  const back2Back = (images: Tensor4D) => { // the gradient of back2
    const [, , n, channels] = images.shape;
    const lines = tf.matMul(back1, images.reshape([tiles, tile, side * n * channels]), true);
    return tf.matMul(back1, lines.reshape([long * tiles, tile, n * channels]), true)
      .reshape<Tensor<Rank.R6>>([tiles, patch, tiles, patch, n, channels]);
  };
  // tfjs cannot differentiate a product in which one factor serves many tiles
  const convolutionOf = (isFirst: boolean) =>
    tf.customGrad((...[images, filter, save]) => {
      const [, inputs, outputs] = (filter as Tensor3D).shape;
      const shared = (filter as Tensor3D).reshape([1, patch, 1, patch, inputs, outputs]);
      const patches = into2(images as Tensor4D);
      (save as GradSaveFunc)([patches, filter as Tensor]);
      const value = back2(tf.matMul(patches, shared));
      const gradFunc = (gradient: Tensor4D, [patches, filter]: Tensor[]) => {
        const products = back2Back(gradient);
        const byTap = (x: Tensor) =>
          x.transpose([1, 3, 0, 2, 4, 5]).reshape<Tensor3D>([patch ** 2, -1, x.shape[5]!]);
        const ofImages = () =>
          into2Back(tf.matMul(products, filter.reshape([1, patch, 1, patch, inputs, outputs]), false, true));
        const ofFilter = tf.matMul(byTap(patches), byTap(products), true, false);
        return [isFirst ? tf.scalar(NaN) : ofImages(), ofFilter]; // where it is not wanted, nobody looks at it
      };
      return { value, gradFunc: gradFunc as never };
    });
  const [first, later] = [convolutionOf(true), convolutionOf(false)];
  return {
    convolve: (images, filter, { isFirst } = { isFirst: false }) =>
      tf.tidy(() => (isFirst ? first : later)(images, filter) as Tensor4D),
    dispose: () => tf.dispose([into1, back1]),
  };
}

/** G g Gᵀ of a kernel (3, 3, inputs, outputs): (36, inputs, outputs). Differentiable, as `convolve` is. */
export function winogradFilter(kernel: Tensor4D): Tensor3D {
  const { G } = matrices();
  const both = G.flatMap((a) => G.map((b) => a.flatMap((y) => b.map((x) => y * x)))); // ((a, b), (y, x))
  const [, , inputs, outputs] = kernel.shape;
  return tf.tidy(() => {
    const taps = kernel.reshape<Tensor2D>([9, inputs * outputs]);
    return tf.matMul(tf.tensor2d(both), taps).reshape([patch * patch, inputs, outputs]);
  });
}

/** How much pixel x of a line has to do with row a of a transform at tile t. */
type Weight = (t: number, a: number, x: number) => number;

/** `into`: what pixel x adds to the transformed patch; `back`: what the transformed tile adds to pixel x. */
function transforms(): { At: number[][]; into: Weight; back: Weight } {
  const { At, Bt } = matrices();
  return {
    At,
    into: (t, a, x) => Bt[a][x - tile * t + 1] ?? 0, // a patch begins one pixel before its tile; outside all is zero
    back: (t, a, x) => At[x - tile * t]?.[a] ?? 0,
  };
}

/** Rows (a, b, ty, tx), columns (y, x): the weights of both axes multiplied. */
function bothAxes(weight: Weight, side: number): number[][] {
  const count = (length: number) => Array.from({ length }, (_, i) => i);
  const [as, ts, xs] = [count(patch), count(side / tile), count(side)];
  return as.flatMap((a) =>
    as.flatMap((b) =>
      ts.flatMap((ty) =>
        ts.map((tx) => xs.flatMap((y) => xs.map((x) => weight(ty, a, y) * weight(tx, b, x))))
      )
    )
  );
}

/** Aᵀ (4, 6), G (6, 3) and Bᵀ (6, 6) by the Toom–Cook construction from `points` and infinity. */
function matrices(): { At: number[][]; G: number[][]; Bt: number[][] } {
  const powers = (point: number, count: number) => Array.from({ length: count }, (_, i) => point ** i);
  const atInfinity = (count: number) => [...new Array(count - 1).fill(0), 1];
  const columns = [...points.map((point) => powers(point, tile)), atInfinity(tile)];
  const At = Array.from({ length: tile }, (_, i) => columns.map((column) => column[i]));
  const G = points.map((point) => {
    const others = points.filter((other) => other !== point);
    const scale = others.reduce((product, other) => product * (point - other), 1);
    return powers(point, 3).map((power) => power / scale);
  });
  const Bt = points.map((point) => [...polynomial(points.filter((other) => other !== point)), 0]);
  return { At, G: [...G, atInfinity(3)], Bt: [...Bt, polynomial(points)] };
}

/** Coefficients of ∏ (x − root), lowest power first. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce((poly, root) => {
    const shifted = [0, ...poly];
    poly.forEach((coefficient, i) => shifted[i] -= root * coefficient);
    return shifted;
  }, [1]);
}

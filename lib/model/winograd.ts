/**
 * 3×3 convolution with a quarter of the multiplications or less: Winograd's minimal filtering.
 *
 * A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks" (2015).
 *
 * Along one axis, F(m, 3) computes a tile of m neighbouring outputs y, yᵢ = Σₖ gₖ dᵢ₊ₖ, of a filter g with three taps. It reads a
 * patch d of p = m + 2 inputs and multiplies p times instead of 3m times:
 *
 *     y = Aᵀ[(G g) ⊙ (Bᵀ d)]
 *
 * Transposed, this is a product of two polynomials (Toom and Cook): evaluated at p points, multiplied point by point, and
 * interpolated. Along two axes a tile of m×m outputs is Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A: 36 multiplications instead of 144 for m = 4,
 * 100 instead of 576 for m = 8. Summed over the input channels, ⊙ becomes p² matrix products (tiles · batch, inputs) × (inputs,
 * outputs), the form in which a CPU multiplies fastest. The price is rounding: see `WinogradOptions`.
 *
 * Images have the layout (height, width, batch, channels) here. Both transforms are then matrix products from the left, of a whole
 * line at a time. Pixels outside the line count as 0, so the matrix has no columns for them.
 *
 * Tried and left out, because it gains nothing: tiles side by side in one product for each of the p² points.
 */
import type { GradSaveFunc, Tensor, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs";
import { tf } from "../support/engine/engine.ts";

export interface WinogradOptions {
  /**
   * `fine`: 4×4 outputs per tile, a relative error of about 1e-6 per layer. `coarse`: 8×8 if the side allows it, a quarter less time,
   * an error of 1e-5 to 1e-4 per layer on noise and less on photos. It serves values that are stored as half floats anyway.
   */
  readonly tiles: "fine" | "coarse";
}

export interface Winograd extends Disposable {
  /** Transforms a kernel: (3, 3, inputs, outputs) → G g Gᵀ, (p², inputs, outputs). Differentiable. */
  filter(kernel: Tensor4D): Tensor3D;
  /**
   * The convolution without bias or activation: (side, side, n, inputs) → (side, side, n, outputs). Differentiable.
   *
   * @param filter a kernel transformed by `filter`
   * @param options.isFirst whether to leave out the gradient with respect to the images, which is a third of the backward work
   */
  convolve(images: Tensor4D, filter: Tensor3D, options?: { isFirst: boolean }): Tensor4D;
}

/** Whether `makeWinograd` takes images of this side. Tiles must cover it exactly; on larger images the transforms cost too much. */
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
  const m = options.tiles === "coarse" && side % 8 === 0 ? 8 : 4;
  const matrices = toomCook(m);
  const { G } = matrices;
  const both = G.flatMap((a) => G.map((b) => outer(a, b))); // G ⊗ G: (p², 9)
  return {
    ...m === 4 && side <= 8 ? bothAxesAtOnce(side, matrices) : oneAxisAfterTheOther(side, matrices),
    filter: (kernel) =>
      tf.tidy(() => {
        const [, , inputs, outputs] = kernel.shape;
        const taps = kernel.reshape<Tensor2D>([9, inputs * outputs]);
        return tf.tensor2d(both).matMul(taps).reshape([both.length, inputs, outputs]);
      }),
  };
}

type Convolution = Pick<Winograd, "convolve" | typeof Symbol.dispose>;

// In the shapes below n is the batch and c a channel; (ty, a) is a tile and a row of its patch, (tx, b) the same for columns.

function oneAxisAfterTheOther(side: number, { At, Bt }: ToomCook): Convolution {
  const [m, p] = [At.length, Bt.length];
  const tiles = side / m; // per line
  const long = tiles * p;
  const into = tf.keep(tf.tensor3d([linesInto(side, Bt)])); // (1, tiles · p, side)
  const back = tf.keep(tf.tensor3d([At])); // (1, m, p)

  const patchesOf = (images: Tensor4D) => { // (y, x, n, c) → (ty, a, tx, b, n, c)
    const rows = times(into, images, 1); // ((ty, a), x, n, c)
    return times(into, rows, long).reshape([tiles, p, tiles, p, ...images.shape.slice(2)]);
  };
  const imagesOf = (products: Tensor) => { // (ty, a, tx, b, n, c) → (y, x, n, c)
    const lines = times(back, products, long * tiles); // ((ty, a), x, n, c)
    return times(back, lines, tiles).reshape<Tensor4D>([side, side, ...products.shape.slice(-2)]);
  };
  // Their gradients: the transposed matrices in the opposite order
  const patchesGradient = (patches: Tensor) => {
    const rows = times(into, patches, long, true);
    return times(into, rows, 1, true).reshape<Tensor4D>([side, side, ...patches.shape.slice(-2)]);
  };
  const imagesGradient = (images: Tensor4D) => {
    const lines = times(back, images, tiles, true);
    return times(back, lines, long * tiles, true).reshape([tiles, p, tiles, p, ...images.shape.slice(2)]);
  };
  const forAllTiles = (filter: Tensor) => filter.reshape([1, p, 1, p, ...filter.shape.slice(1)]);
  const byPoint = (x: Tensor) =>
    // (ty, a, tx, b, n, c) → ((a, b), (ty, tx, n), c)
    x.transpose([1, 3, 0, 2, 4, 5]).reshape<Tensor3D>([p ** 2, -1, x.shape.at(-1)!]);

  // tfjs has no gradient for a product in which many tiles share one factor, the filter
  const convolution = (isFirst: boolean) =>
    tf.customGrad((...[images, filter, save]) => {
      const patches = patchesOf(images as Tensor4D);
      (save as GradSaveFunc)([patches, filter as Tensor]);
      const value = imagesOf(tf.matMul(patches, forAllTiles(filter as Tensor)));
      const gradFunc = (gradient: Tensor4D, [patches, filter]: Tensor[]) => {
        const products = imagesGradient(gradient);
        const ofImages = () => patchesGradient(tf.matMul(products, forAllTiles(filter), false, true));
        const ofFilter = tf.matMul(byPoint(patches), byPoint(products), true);
        return [isFirst ? tf.scalar(NaN) : ofImages(), ofFilter]; // NaN is never read
      };
      return { value, gradFunc: gradFunc as never };
    });
  const [first, later] = [convolution(true), convolution(false)];
  return {
    convolve: (images, filter, { isFirst } = { isFirst: false }) =>
      tf.tidy(() => (isFirst ? first : later)(images, filter) as Tensor4D),
    [Symbol.dispose]: () => tf.dispose([into, back]),
  };
}

/** For at most 2×2 tiles of 4×4. It is no faster than one axis after the other, but results of long trainings depend on its bits. */
function bothAxesAtOnce(side: number, { At, Bt }: ToomCook): Convolution {
  const p = Bt.length;
  const tiles = count(side / At.length);
  const ofBothAxes = (lines: number[][]) =>
    // ((a, b, ty, tx), (y, x))
    count(p).flatMap((a) =>
      count(p).flatMap((b) =>
        tiles.flatMap((ty) => tiles.map((tx) => outer(lines[ty * p + a], lines[tx * p + b])))
      )
    );
  const into = tf.keep(tf.tensor3d([ofBothAxes(linesInto(side, Bt))]));
  const back = tf.keep(
    tf.tidy(() => tf.tensor3d([ofBothAxes(linesBack(side, At))]).transpose<Tensor3D>([0, 2, 1])),
  );
  return {
    convolve: (images, filter) =>
      tf.tidy(() => {
        const [, , n, inputs] = images.shape;
        const patches = times(into, images, 1).reshape<Tensor3D>([p ** 2, -1, inputs]); // ((a, b), (ty, tx, n), inputs)
        const products = tf.matMul(patches, filter); // ((a, b), (ty, tx, n), outputs)
        return times(back, products, 1).reshape([side, side, n, filter.shape[2]]);
      }),
    [Symbol.dispose]: () => tf.dispose([into, back]),
  };
}

/** The matrix, or its transpose, times each of `batch` equal parts of x: (batch, columns, …) → (batch, rows, …). */
function times(matrix: Tensor3D, x: Tensor, batch: number, transposed = false): Tensor3D {
  const columns = matrix.shape[transposed ? 1 : 2];
  return tf.matMul(matrix, x.reshape<Tensor3D>([batch, columns, -1]), transposed);
}

/** (tiles · p, side): Bᵀ of every tile's patch, which begins one pixel before the tile. */
function linesInto(side: number, Bt: number[][]): number[][] {
  const m = Bt.length - 2;
  return count(side / m).flatMap((t) => Bt.map((row) => count(side).map((x) => row[x - m * t + 1] ?? 0)));
}

/** (tiles · p, side): what each point of every tile adds to the pixels of the line. */
function linesBack(side: number, At: number[][]): number[][] {
  const m = At.length;
  return count(side / m).flatMap((t) => At[0].map((_, a) => count(side).map((x) => At[x - m * t]?.[a] ?? 0)));
}

/**
 * The points besides infinity. Lavin uses 0, ±1, ±2. These halve the rounding error of tiles of 4; those for tiles of 8 are the best of
 * many tried (compare B. Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution", 2020). All are multiples
 * of 1/8, so Aᵀ and Bᵀ are exact in float32.
 */
const pointsOf = {
  4: [0, 5 / 8, -5 / 8, 3 / 2, -3 / 2],
  8: [0, 3 / 8, -3 / 8, 7 / 8, -7 / 8, 5 / 4, -5 / 4, 5 / 2, -5 / 2],
} as const;

/** The matrices of F(m, 3). */
interface ToomCook {
  /** (m, p): from products to outputs. */
  readonly At: number[][];
  /** (p, 3): of the filter's taps. */
  readonly G: number[][];
  /** (p, p): of a patch. */
  readonly Bt: number[][];
}

/** The last of the p points is infinity, where a polynomial's value is its highest coefficient. */
function toomCook(m: 4 | 8): ToomCook {
  const points = pointsOf[m];
  const powers = (point: number, length: number) => Array.from({ length }, (_, i) => point ** i);
  const atInfinity = (length: number) => [...new Array(length - 1).fill(0), 1];
  const columns = [...points.map((point) => powers(point, m)), atInfinity(m)];
  const others = (point: number) => points.filter((other) => other !== point);
  return {
    At: count(m).map((i) => columns.map((column) => column[i])),
    G: [
      ...points.map((point) => {
        const scale = others(point).reduce((product, other) => product * (point - other), 1);
        return powers(point, 3).map((power) => power / scale);
      }),
      atInfinity(3),
    ],
    Bt: [...points.map((point) => [...polynomial(others(point)), 0]), polynomial(points)],
  };
}

/** Coefficients of ∏ (x − root), lowest power first. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce((poly, root) => {
    const shifted = [0, ...poly];
    poly.forEach((coefficient, i) => shifted[i] -= root * coefficient);
    return shifted;
  }, [1]);
}

/** All products of a number of `a` and a number of `b`; `b` runs fastest. */
function outer(a: readonly number[], b: readonly number[]): number[] {
  return a.flatMap((x) => b.map((y) => x * y));
}

/** 0 … n − 1 */
function count(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

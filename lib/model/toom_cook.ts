/**
 * The matrices of Winograd's minimal filtering F(m, 3): m neighbouring outputs of a filter with three taps from m + 2
 * multiplications, by the Toom–Cook construction: both factors are evaluated at m + 1 points and infinity.
 */

/** Outputs of a tile. A larger one multiplies less and rounds more coarsely. */
export type TileLength = 4 | 8;

/**
 * The points besides infinity. Lavin's are 0, ±1, ±2; these halve the rounding error of tiles of 4, and for tiles of 8 are the best
 * of many tried (compare B. Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution", 2020). All are
 * multiples of 1/8, so that Aᵀ and Bᵀ are exact in float32.
 */
const pointsOf: Record<TileLength, readonly number[]> = {
  4: [0, 5 / 8, -5 / 8, 3 / 2, -3 / 2],
  8: [0, 3 / 8, -3 / 8, 7 / 8, -7 / 8, 5 / 4, -5 / 4, 5 / 2, -5 / 2],
};

/** For a tile of m outputs, where p = m + 2 is the length of its patch of the input. */
export interface ToomCook {
  readonly tile: TileLength;
  readonly patch: number;
  /** (m, p): from products to outputs. */
  readonly At: readonly number[][];
  /** (p, 3): of the filter's taps. */
  readonly G: readonly number[][];
  /** (p, p): of a patch. */
  readonly Bt: readonly number[][];
}

export function toomCook(tile: TileLength): ToomCook {
  const points = pointsOf[tile];
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
  return { tile, patch: tile + 2, At, G: [...G, atInfinity(3)], Bt: [...Bt, polynomial(points)] };
}

/** What pixel x of a line, zero outside, adds to row a of tile t's transformed patch, which begins one pixel before the tile. */
export function weightInto({ tile, Bt }: ToomCook, [t, a]: readonly [number, number], x: number): number {
  return Bt[a][x - tile * t + 1] ?? 0;
}

/** What row a of tile t's products adds to pixel x of the line. */
export function weightBack({ tile, At }: ToomCook, [t, a]: readonly [number, number], x: number): number {
  return At[x - tile * t]?.[a] ?? 0;
}

/** Weights of a kernel's nine taps, (y, x), in each of its transformed values, (a, b): the rows of G ⊗ G. */
export function kernelWeights({ G }: ToomCook): number[][] {
  return G.flatMap((a) => G.map((b) => a.flatMap((y) => b.map((x) => y * x))));
}

/** Coefficients of ∏ (x − root), lowest power first. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce((poly, root) => {
    const shifted = [0, ...poly];
    poly.forEach((coefficient, i) => shifted[i] -= root * coefficient);
    return shifted;
  }, [1]);
}

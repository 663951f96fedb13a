/** The eight ways in which a square image can lie: turned by quarters, as it is or mirrored. No pixel is changed, only moved. */

/**
 * Copies an image of shape (side, side, channels) in one of its orientations.
 *
 * @param way 0 … 7: bit 0 mirrors left and right, bit 1 top and bottom, bit 2 swaps rows and columns first; 0 leaves it as it is
 */
export function orient(
  source: Float32Array,
  target: Float32Array,
  { side, channels, way }: { side: number; channels: number; way: number },
): void {
  const [swap, down, across] = [way & 4, way & 2, way & 1];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const row = down ? side - 1 - y : y;
      const column = across ? side - 1 - x : x;
      const from = channels * (swap ? column * side + row : row * side + column);
      const to = channels * (y * side + x);
      for (let c = 0; c < channels; c++) target[to + c] = source[from + c];
    }
  }
}

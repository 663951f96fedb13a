/** Colour histograms: what a classifier can know without looking at shapes. */

/** Values of a channel are cut to their three highest bits: 8 bins a channel, 8 × 8 × 8 = 512 joint bins. */
export const histogramLength = 512;

/**
 * Joint RGB histogram of one image, as square roots of the shares (Hellinger): values 0–1, their squares sum to 1.
 *
 * @param pixels (height, width, 3), RGB, 0–255
 */
export function colourHistogram(pixels: Uint8Array): Float32Array {
  const counts = new Float32Array(histogramLength);
  for (let i = 0; i < pixels.length; i += 3) {
    counts[(pixels[i] >> 5) << 6 | (pixels[i + 1] >> 5) << 3 | pixels[i + 2] >> 5]++;
  }
  const total = pixels.length / 3;
  return counts.map((count) => Math.sqrt(count / total));
}

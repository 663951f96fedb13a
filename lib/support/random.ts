/** Seeded randomness. The same parts give the same numbers on every machine and in any order of calls. */

/** A generator of uniform numbers in [0, 1). */
export type Random = () => number;

/**
 * A generator that depends on its parts alone, so work may be done in any order.
 *
 * The generator is sfc32 (C. Doty-Humphrey, PractRand), seeded with four 32-bit FNV-1a hashes of the parts.
 *
 * @example randomFor(seed, imageId, copy)
 */
export function randomFor(...parts: (string | number)[]): Random {
  const text = parts.map((part) => `${typeof part}:${part}`).join("\u0000");
  let [a, b, c, d] = [0, 1, 2, 3].map((lane) => fnv1a(text, lane));
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 16; i++) next(); // the hash lanes are related: mix them before the first draw
  return next;
}

/** A shuffled copy (Fisher–Yates). The order depends on `random` alone. */
export function shuffled<T>(items: ArrayLike<T>, random: Random): T[] {
  return shuffledInPlace(Array.from(items), random);
}

/** Shuffles the given items in place and returns them. */
export function shuffledInPlace<Items extends { [index: number]: unknown; readonly length: number }>(
  items: Items,
  random: Random,
): Items {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const item = items[i];
    items[i] = items[j];
    items[j] = item;
  }
  return items;
}

/** One draw from the normal distribution with mean 0 and standard deviation 1 (Box–Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function fnv1a(text: string, lane: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(lane, 0x9e3779b9);
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash | 0;
}

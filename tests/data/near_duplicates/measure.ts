/**
 * How the sieves and the threshold of near-duplicates were fixed: distances of planted duplicates, and of pairs of different lesions.
 *
 * Run by hand: deno run -A tests/data/near_duplicates/measure.ts [photos planted a kind] [random pairs] [seed]
 */
import { join } from "node:path";
import { alignedCoarsely, alignedFinely, likelyTurns } from "../../../lib/data/disc_alignment.ts";
import { readMetadata } from "../../../lib/data/metadata.ts";
import { cosineOf, magnitudesOf, nearDuplicateDistance, sieves } from "../../../lib/data/near_duplicates.ts";
import { cutDiscs, type PhotoDiscs, reducePhotos } from "../../../lib/data/photo_discs.ts";
import { inParallel } from "../../../lib/support/parallel.ts";
import { randomFor, shuffled } from "../../../lib/support/random.ts";
import { openStore } from "../../../lib/support/store.ts";
import { ham10000Folder } from "../leak_free_photos.ts";
import { planted, plantedKinds } from "./plant.ts";

const [plants = 100, pairs = 100_000, seed = 2] = Deno.args.map(Number);
if (ham10000Folder === null) throw new Error("HAM10000 must lie beside the project");
const samples = await readMetadata(ham10000Folder);
const paths = samples.map(({ imagePath }) => join(ham10000Folder!, imagePath));
const folder = await Deno.makeTempDir();
const store = openStore(folder);

interface Measured {
  readonly cosine: number;
  readonly turn: number;
  readonly coarse: number;
  readonly distance: number;
}

/** What each sieve sees of pairs: none is left out, whatever the one before says. */
function measure(discs: PhotoDiscs, pairs: readonly (readonly [number, number])[]): Measured[] {
  const magnitudes = magnitudesOf(discs);
  return pairs.map(([a, b]) => {
    const turns = likelyTurns(discs, [a, b], -1);
    const coarse = alignedCoarsely(discs, [a, b], turns);
    const distance = 1 - alignedFinely(discs, [a, b], coarse).agreement;
    return {
      cosine: cosineOf(magnitudes, a, b),
      turn: turns[0].agreement,
      coarse: coarse.agreement,
      distance,
    };
  });
}

function show(name: string, measured: readonly Measured[], shares: readonly number[]): void {
  const found = measured.filter(({ cosine, turn, coarse, distance }) =>
    cosine >= sieves.cosine && turn >= sieves.turn && coarse >= sieves.coarse &&
    distance <= nearDuplicateDistance
  );
  console.log(`${name}: ${found.length} of ${measured.length} found`);
  for (const [key, sign] of [["cosine", 1], ["turn", 1], ["coarse", 1], ["distance", -1]] as const) {
    const sorted = measured.map((one) => one[key]).sort((a, b) => sign * (a - b)); // the worst first
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    const others = key === "cosine"
      ? ""
      : `; passes the sieve: ${measured.filter((one) => passes(one, key)).length}`;
    console.log(`  ${key.padEnd(8)} ${shares.map((share) => at(share).toFixed(3)).join(" ")}${others}`);
  }
}

function passes(one: Measured, key: "turn" | "coarse" | "distance"): boolean {
  return one.cosine >= sieves.cosine && one.turn >= sieves.turn &&
    (key === "turn" ||
      one.coarse >= sieves.coarse && (key === "coarse" || one.distance <= nearDuplicateDistance));
}

try {
  const rows = shuffled([...samples.keys()], randomFor(seed, "photos"));
  for (const kind of plantedKinds) {
    const chosen = rows.slice(0, plants);
    const copies = chosen.map((_, i) => join(folder, `${kind} ${i}.jpg`));
    await inParallel([...chosen.entries()], 4, async ([i, row]) => {
      await Deno.writeFile(copies[i], await planted(paths[row], kind, randomFor(seed, kind, i)));
    });
    const discs = cutDiscs(await reducePhotos([...chosen.map((row) => paths[row]), ...copies], { store }));
    show(kind, measure(discs, chosen.map((_, i) => [i, plants + i])), [0, 0.01, 0.02, 0.05, 0.5]);
  }
  if (pairs > 0) {
    const some = rows.slice(0, Math.min(rows.length, 2000));
    const discs = cutDiscs(await reducePhotos(some.map((row) => paths[row]), { store }));
    const random = randomFor(seed, "pairs");
    const drawn: [number, number][] = [];
    while (drawn.length < pairs) {
      const [a, b] = [0, 1].map(() => Math.floor(random() * some.length));
      if (samples[some[a]].lesionId !== samples[some[b]].lesionId) drawn.push([a, b]);
    }
    const started = performance.now();
    show("different lesions", measure(discs, drawn), [1, 0.9999, 0.999, 0.99, 0.9, 0.5]);
    console.log(`  ${((performance.now() - started) * 1000 / pairs).toFixed(0)} µs a pair`);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** The stand-in for HAM10000: drawn lesions with its columns, classes, imbalance and several photos per lesion. */
import { basename, join } from "node:path";
import sharp from "sharp";
import { metadataColumns } from "../columns.ts";
import { metadataFile } from "../metadata_file.ts";
import { writeFolderAtomic } from "../support/atomic.ts";
import { stringify } from "../support/csv.ts";
import { inParallel } from "../support/parallel.ts";
import { type Random, randomFor, shuffled } from "../support/random.ts";
import { diagnoses, type Diagnosis, ham10000Counts } from "./diagnosis.ts";
import { lesionSvg } from "./drawn_lesion.ts";
import { largestRemainder } from "./parts.ts";

/** Raise it by hand when the same seed gives other files. */
const standInVersion = 2;
const markerFile = "SYNTHETIC.txt";
const fewestPerClass = 6;
const partFolders = ["HAM10000_images_part_1", "HAM10000_images_part_2"];

/** How many of 1,000 lesions in HAM10000 have one, two, three, and four or more photos. */
const photosPerLesion = { 1: 738, 2: 190, 3: 66, 4: 6 };
/** For each diagnosis: mean age in years and weights of `dx_type`, roughly as in HAM10000. */
const patients: Record<Diagnosis, { age: number; dxTypes: Record<string, number> }> = {
  akiec: { age: 67, dxTypes: { histo: 1 } },
  bcc: { age: 67, dxTypes: { histo: 1 } },
  bkl: { age: 64, dxTypes: { histo: 70, consensus: 24, confocal: 6 } },
  df: { age: 54, dxTypes: { histo: 48, consensus: 52 } },
  mel: { age: 61, dxTypes: { histo: 1 } },
  nv: { age: 47, dxTypes: { follow_up: 55, histo: 40, consensus: 5 } },
  vasc: { age: 51, dxTypes: { histo: 33, consensus: 67 } },
};
const sexes = { male: 5406, female: 4552 };
const localizations = {
  ...{ "back": 2192, "lower extremity": 2077, "trunk": 1404, "upper extremity": 1118, "abdomen": 1022 },
  ...{ "face": 745, "chest": 407, "foot": 319, "unknown": 234, "neck": 168 },
  ...{ "scalp": 128, "hand": 90, "ear": 56, "genital": 48, "acral": 7 },
};

/**
 * Makes a data folder: `HAM10000_metadata.csv`, two folders with JPEGs of 200×150 pixels, and SYNTHETIC.txt, which explains it.
 *
 * The same seed and number of images give the same bytes. The folder appears complete or not at all. A complete stand-in with the
 * same seed and number is kept; any other stand-in is replaced.
 *
 * @param options `images`: from 60 to 100,000, shared among the classes by {@linkcode standInCounts}
 * @throws {RangeError} if `images` is outside its limits
 * @throws {Error} if the folder holds anything but a stand-in
 */
export async function makeStandIn(folder: string, options: { seed: number; images: number }): Promise<void> {
  const { seed, images } = options;
  if (!Number.isInteger(images) || images < 60 || images > 100_000) {
    throw new RangeError(`images must be a whole number from 60 to 100,000. Received: ${images}`);
  }
  const marker = describe(seed, images);
  const isThere = () => isWhole(folder, marker, images);
  if (await isThere()) return;
  await checkReplaceable(folder);
  try {
    await writeFolderAtomic(folder, async (temporary) => {
      await fill(temporary, seed, images);
      await Deno.writeTextFile(join(temporary, markerFile), marker);
      if (await isThere()) throw new Error("another process was quicker");
    });
  } catch (error) {
    if (!await isThere()) throw error;
  }
}

/** Whether a data folder holds drawn lesions. Every result computed from it must then say SYNTHETIC. */
export async function isStandIn(folder: string): Promise<boolean> {
  return (await Deno.stat(join(folder, markerFile)).catch(() => null))?.isFile ?? false;
}

/** Photos per diagnosis, in label order: HAM10000's shares, but at least 6 each, taken from the most frequent diagnosis. */
export function standInCounts(images: number): number[] {
  const counts = largestRemainder(ham10000Counts, images);
  const commonest = counts.indexOf(Math.max(...counts));
  for (const [label, count] of counts.entries()) {
    const added = Math.max(0, fewestPerClass - count);
    counts[label] += added;
    counts[commonest] -= added;
  }
  return counts;
}

async function fill(folder: string, seed: number, images: number): Promise<void> {
  const photos = inventLesions(seed, images).flatMap(({ photos, ...lesion }, index) =>
    Array.from({ length: photos }, (_, photo) => ({ lesion, index, photo }))
  );
  const number = (index: number) => String(index + 1).padStart(7, "0");
  const rows = photos.map(({ lesion, index }, row) => ({
    ...{ lesion_id: `SYNL_${number(index)}`, image_id: `SYN_${number(row)}` },
    ...lesion,
  }));
  for (const part of partFolders) await Deno.mkdir(join(folder, part));
  await inParallel([...photos.entries()], 3, async ([row, { lesion, index, photo }]) => {
    const svg = lesionSvg(lesion.dx, {
      lesion: randomFor(seed, "lesion", index),
      photo: randomFor(seed, "photo", index, photo),
    });
    const path = join(folder, partFolders[2 * row < images ? 0 : 1], `${rows[row].image_id}.jpg`);
    await Deno.writeFile(
      path,
      await sharp(new TextEncoder().encode(svg)).jpeg({ quality: 90 }).toBuffer(),
    );
  });
  await Deno.writeTextFile(join(folder, metadataFile), stringify(rows, { columns: metadataColumns }));
}

interface Lesion {
  readonly dx: Diagnosis;
  readonly dx_type: string;
  age: string;
  sex: string;
  readonly localization: string;
  readonly photos: number;
}

/** Lesions in the table's order, which mixes the diagnoses. */
function inventLesions(seed: number, images: number): Lesion[] {
  const random = randomFor(seed, "patients");
  const lesions: Lesion[] = [];
  for (const [label, count] of standInCounts(images).entries()) {
    for (let left = count; left > 0; left -= lesions.at(-1)!.photos) {
      lesions.push(inventLesion(diagnoses[label], left, random));
    }
  }
  // HAM10000 lacks 57 of 10,015 ages and as many sexes; here at least two each are missing
  const gaps = Math.max(2, Math.round(lesions.length * 57 / 10_015));
  for (const lesion of shuffled(lesions, random).slice(0, gaps)) lesion.age = "";
  for (const lesion of shuffled(lesions, random).slice(0, gaps)) lesion.sex = "unknown";
  return shuffled(lesions, random);
}

function inventLesion(dx: Diagnosis, mostPhotos: number, random: Random): Lesion {
  const { age, dxTypes } = patients[dx];
  const years = age + 30 * (random() + random() + random() - 1.5);
  return {
    dx,
    dx_type: pick(dxTypes, random),
    age: (5 * Math.round(Math.min(Math.max(years, 5), 85) / 5)).toFixed(1),
    sex: pick(sexes, random),
    localization: pick(localizations, random),
    photos: Math.min(mostPhotos, Number(pick(photosPerLesion, random))),
  };
}

/** A random name, with probabilities in proportion to the weights. */
function pick(weights: Record<string, number>, random: Random): string {
  const names = Object.keys(weights);
  let left = random() * Object.values(weights).reduce((sum, weight) => sum + weight);
  return names.find((name) => (left -= weights[name]) < 0) ?? names[0];
}

function describe(seed: number, images: number): string {
  return `SYNTHETIC: every picture in this folder is drawn by a program. None shows a person, a patient or a lesion, and the table
beside them is invented. It has the form of HAM10000 so that the notebooks can run without it. Numbers computed from it say
nothing about skin cancer.

seed ${seed}, images ${images}, version ${standInVersion}, drawn with sharp ${sharp.versions.sharp}
`;
}

async function isWhole(folder: string, marker: string, images: number): Promise<boolean> {
  try {
    if (await Deno.readTextFile(join(folder, markerFile)) !== marker) return false;
    await Deno.stat(join(folder, metadataFile));
    const files = await Promise.all(
      partFolders.map((part) => Array.fromAsync(Deno.readDir(join(folder, part)))),
    );
    return files.flat().filter(({ name }) => name.endsWith(".jpg")).length === images;
  } catch {
    return false;
  }
}

async function checkReplaceable(folder: string): Promise<void> {
  const place = await Deno.stat(folder).catch(() => null);
  if (place === null || await isStandIn(folder)) return;
  const names = place.isDirectory
    ? (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
    : [basename(folder)];
  if (names.length === 0) return;
  throw new Error(
    `${folder} contains files that are not a stand-in, so it is not replaced. Expected: a folder that is empty, missing or has ` +
      `${markerFile}. Received: ${names.sort().slice(0, 5).join(", ")}. Give another folder.`,
  );
}

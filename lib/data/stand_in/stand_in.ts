/** The stand-in for HAM10000: drawn lesions with its columns, classes, imbalance and several photos a lesion. */
import { basename, dirname, join } from "node:path";
import sharp from "sharp";
import { stringify } from "../../support/csv.ts";
import { type Random, randomFor, shuffled } from "../../support/random.ts";
import { diagnoses, type Diagnosis, ham10000Counts } from "../diagnosis.ts";
import { inventLesion, photograph, photoSize } from "./draw_lesion.ts";
import { metadataColumns, metadataFile } from "../metadata.ts";

/** Raised by hand when the same seed comes to give other files. */
const standInVersion = 1;
const markerFile = "SYNTHETIC.txt";
const fewestPerClass = 6;

/** Shares of HAM10000's lesions that have one, two, three and four or more photos. */
const photosPerLesion = [0.738, 0.190, 0.066, 0.006];

/** Per diagnosis: mean age and how diagnoses were confirmed, roughly as in HAM10000. */
const patients: Record<Diagnosis, { age: number; dxTypes: Record<string, number> }> = {
  akiec: { age: 67, dxTypes: { histo: 1 } },
  bcc: { age: 67, dxTypes: { histo: 1 } },
  bkl: { age: 64, dxTypes: { histo: 70, consensus: 24, confocal: 6 } },
  df: { age: 54, dxTypes: { histo: 48, consensus: 52 } },
  mel: { age: 61, dxTypes: { histo: 1 } },
  nv: { age: 47, dxTypes: { follow_up: 55, histo: 40, consensus: 5 } },
  vasc: { age: 51, dxTypes: { histo: 33, consensus: 67 } },
};
const localizations = {
  "back": 2192,
  "lower extremity": 2077,
  "trunk": 1404,
  "upper extremity": 1118,
  "abdomen": 1022,
  "face": 745,
  "chest": 407,
  "foot": 319,
  "unknown": 234,
  "neck": 168,
  "scalp": 128,
  "hand": 90,
  "ear": 56,
  "genital": 48,
  "acral": 7,
};

/**
 * Makes a data folder: `HAM10000_metadata.csv`, `HAM10000_images_part_1/` and `_part_2/` with JPEGs of 200×150, and SYNTHETIC.txt,
 * which says what it is.
 *
 * The same seed and number give the same bytes. The folder is made under another name and renamed, so it is whole or not there;
 * a whole one of the same seed and number is left as it is, another stand-in is replaced.
 *
 * @param options `seed`; `images`: number of photos, 60 to 100,000, shared out as HAM10000's classes are, at least 6 a class
 * @throws {RangeError} if `images` is outside its limits
 * @throws {Error} if the folder holds anything but a stand-in
 */
export async function makeStandIn(folder: string, options: { seed: number; images: number }): Promise<void> {
  const { seed, images } = options;
  if (!Number.isInteger(images) || images < 60 || images > 100_000) {
    throw new RangeError(`images is a whole number from 60 to 100,000. Received: ${images}`);
  }
  const marker = describe(seed, images);
  if (await isWhole(folder, marker, images)) return;
  await checkReplaceable(folder);

  await Deno.mkdir(dirname(folder), { recursive: true });
  await removeLeftOvers(folder);
  const temporary = `${folder}.${Deno.pid}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await fill(temporary, seed, images);
    await Deno.writeTextFile(join(temporary, markerFile), marker);
    await putInPlace(temporary, folder, () => isWhole(folder, marker, images));
  } finally {
    await Deno.remove(temporary, { recursive: true }).catch(() => {}); // there no more, if it was put in place
  }
}

/** Renames a new folder to its name, moving an old one away whole, unless another process was quicker to put one there. */
async function putInPlace(temporary: string, folder: string, isThere: () => Promise<boolean>): Promise<void> {
  const old = `${temporary.slice(0, -".tmp".length)}.old.tmp`;
  for (let attempt = 1;; attempt++) {
    if (await isThere()) return;
    try {
      await Deno.rename(folder, old).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
      await Deno.rename(temporary, folder);
      return;
    } catch (error) {
      if (attempt === 20) throw error;
    } finally {
      await Deno.remove(old, { recursive: true }).catch(() => {});
    }
  }
}

/** Whether a data folder holds drawn lesions, so that whatever comes of it must say SYNTHETIC. */
export async function isStandIn(folder: string): Promise<boolean> {
  return (await Deno.stat(join(folder, markerFile)).catch(() => null))?.isFile ?? false;
}

/**
 * Photos per diagnosis, in label order: HAM10000's shares by largest remainder (ties to the lower label), at least 6 each, what
 * this takes coming from the commonest.
 */
export function standInCounts(images: number): number[] {
  const total = ham10000Counts.reduce((sum, count) => sum + count, 0);
  const exact = ham10000Counts.map((count) => images * count / total);
  const counts = exact.map(Math.floor);
  const byRemainder = exact.map((_, label) => label).sort((a, b) =>
    (exact[b] - counts[b]) - (exact[a] - counts[a]) || a - b
  );
  const left = images - counts.reduce((sum, count) => sum + count, 0);
  for (const label of byRemainder.slice(0, left)) counts[label]++;
  const commonest = counts.indexOf(Math.max(...counts));
  counts.forEach((count, label) => {
    const lift = Math.max(0, fewestPerClass - count);
    counts[label] += lift;
    counts[commonest] -= lift;
  });
  return counts;
}

interface Patient {
  dx: Diagnosis;
  dx_type: string;
  age: string;
  sex: string;
  localization: string;
  /** Photos of the lesion. */
  photos: number;
}

async function fill(folder: string, seed: number, images: number): Promise<void> {
  const patients = inventPatients(seed, images);
  const rows: Record<string, string>[] = [];
  const jobs: { path: string; draw: () => Uint8Array }[] = [];
  patients.forEach(({ photos, ...patient }, index) => {
    const lesionId = `SYNL_${String(index + 1).padStart(7, "0")}`;
    for (let photo = 0; photo < photos; photo++) {
      const imageId = `SYN_${String(rows.length + 1).padStart(7, "0")}`;
      const part = rows.length < Math.ceil(images / 2) ? 1 : 2;
      rows.push({ lesion_id: lesionId, image_id: imageId, ...patient });
      jobs.push({
        path: join(folder, `HAM10000_images_part_${part}`, `${imageId}.jpg`),
        draw: () =>
          photograph(
            inventLesion(patient.dx, randomFor(seed, "lesion", index)),
            randomFor(seed, "photo", index, photo),
          ),
      });
    }
  });

  for (const part of [1, 2]) {
    await Deno.mkdir(join(folder, `HAM10000_images_part_${part}`), { recursive: true });
  }
  const [width, height] = photoSize;
  let next = 0;
  const worker = async () => {
    while (next < jobs.length) {
      const { path, draw } = jobs[next++];
      const jpeg = await sharp(draw(), { raw: { width, height, channels: 3 } }).jpeg({ quality: 90 })
        .toBuffer();
      await Deno.writeFile(path, jpeg);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  await Deno.writeTextFile(join(folder, metadataFile), stringify(rows, { columns: metadataColumns }));
}

/** The lesions in the table's order, which mixes the diagnoses. */
function inventPatients(seed: number, images: number): Patient[] {
  const random = randomFor(seed, "patients");
  const invented = standInCounts(images).flatMap((count, label) => {
    const lesions: Patient[] = [];
    for (let left = count; left > 0;) {
      const photos = Math.min(left, 1 + weighted(photosPerLesion, random));
      lesions.push(inventPatient(diagnoses[label], photos, random));
      left -= photos;
    }
    return lesions;
  });
  const ordered = shuffled(invented, random);
  // HAM10000 lacks 57 of 10,015 ages and as many sexes: here at least two each
  const gaps = Math.max(2, Math.round(ordered.length * 57 / 10_015));
  for (const patient of shuffled(ordered, random).slice(0, gaps)) patient.age = "";
  for (const patient of shuffled(ordered, random).slice(0, gaps)) patient.sex = "unknown";
  return ordered;
}

function inventPatient(dx: Diagnosis, photos: number, random: Random): Patient {
  const { age, dxTypes } = patients[dx];
  const years = age + 30 * (random() + random() + random() - 1.5);
  const pick = (weights: Record<string, number>) =>
    Object.keys(weights)[weighted(Object.values(weights), random)];
  return {
    dx,
    dx_type: pick(dxTypes),
    age: (5 * Math.round(Math.min(Math.max(years, 5), 85) / 5)).toFixed(1),
    sex: pick({ male: 5406, female: 4552 }),
    localization: pick(localizations),
    photos,
  };
}

/** An index drawn with these weights. */
function weighted(weights: number[], random: Random): number {
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(0, weights.findIndex((weight) => (left -= weight) < 0));
}

function describe(seed: number, images: number): string {
  return `SYNTHETIC: every picture in this folder is drawn by a program. None shows a person, a patient or a lesion, and the table
beside them is invented. It has the form of HAM10000 so that the notebooks can run without it; numbers computed from it say
nothing about skin cancer.

seed ${seed}, images ${images}, version ${standInVersion}, drawn with sharp ${sharp.versions.sharp}
`;
}

async function isWhole(folder: string, marker: string, images: number): Promise<boolean> {
  try {
    if (await Deno.readTextFile(join(folder, markerFile)) !== marker) return false;
    await Deno.stat(join(folder, metadataFile));
    let found = 0;
    for (const part of [1, 2]) {
      for await (const entry of Deno.readDir(join(folder, `HAM10000_images_part_${part}`))) {
        if (entry.name.endsWith(".jpg")) found++;
      }
    }
    return found === images;
  } catch {
    return false;
  }
}

async function checkReplaceable(folder: string): Promise<void> {
  const where = await Deno.stat(folder).catch(() => null);
  if (where === null || await isStandIn(folder)) return;
  const names = where.isDirectory
    ? (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name)
    : [basename(folder)];
  if (names.length > 0) {
    throw new Error(
      `${folder} is not a stand-in, so it is not replaced. Expected: a folder that is empty, missing or has ${markerFile}. ` +
        `Received: ${names.sort().slice(0, 5).join(", ")}. Give another folder.`,
    );
  }
}

/** What killed runs left beside the folder, older than an hour: younger ones may be another process's work. */
async function removeLeftOvers(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(dirname(folder))) {
    if (!name.startsWith(`${basename(folder)}.`) || !name.endsWith(".tmp")) continue;
    const path = join(dirname(folder), name);
    const mtime = (await Deno.stat(path).catch(() => null))?.mtime; // null: its maker has just finished with it
    if (mtime && Date.now() - mtime.getTime() > 3_600_000) await Deno.remove(path, { recursive: true });
  }
}

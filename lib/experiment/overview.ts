/** Counts of the metadata table, for notebook 1. */
import { join } from "node:path";
import pl, { type DataFrame } from "nodejs-polars";
import { writeAtomic } from "../support/atomic.ts";
import { type Config } from "../config.ts";
import { percent } from "../support/format.ts";
import { stringify } from "../support/csv.ts";
import { metadataColumns } from "../columns.ts";
import { drawnInPlaceOf } from "../data/drawn_lesion.ts";
import { metadataRow, type Sample } from "../data/metadata.ts";
import type { ImageSize } from "../image_size.ts";
import type { Source } from "./experiment.ts";

/** Saves the metadata table with `image_path` as `metadata.csv` in the run's folder, and returns it. */
export async function saveMetadata(config: Config, samples: readonly Sample[]): Promise<DataFrame> {
  const columns = [...metadataColumns, "image_path"];
  const rows = samples.map(metadataRow);
  await writeAtomic(join(config.out, "metadata.csv"), stringify(rows, { columns }));
  return pl.DataFrame(rows.map((row) => ({ ...row, age: row.age === "" ? null : Number(row.age) })), {
    columns,
  });
}

export interface ClassOverview {
  readonly dx: string;
  readonly name: string;
  readonly images: number;
  /** Of all images, 0–1. */
  readonly share: number;
  readonly lesions: number;
}

/** Images and lesions of each diagnosis, in label order. */
export function classOverview({ samples, classes }: Source): ClassOverview[] {
  return classes.map(({ code, name }) => {
    const own = samples.filter((sample) => sample.dx === code);
    return {
      dx: code,
      name,
      images: own.length,
      share: own.length / samples.length,
      lesions: new Set(own.map((sample) => sample.lesionId)).size,
    };
  });
}

/** How many photos have each value of a column. */
export function countBy(
  samples: readonly Sample[],
  column: "sex" | "localization" | "dxType" | "lesionId",
): Record<string, number> {
  const counts = new Map<string, number>();
  for (const sample of samples) counts.set(sample[column], (counts.get(sample[column]) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/** How many lesions have one photo, two photos, …, in ascending order. */
export function photosPerLesion(samples: readonly Sample[]): { label: string; value: number }[] {
  const lesions: Record<number, number> = {}; // whole-number keys come in ascending order
  for (const photos of Object.values(countBy(samples, "lesionId"))) {
    lesions[photos] = (lesions[photos] ?? 0) + 1;
  }
  return Object.entries(lesions).map(([photos, value]) => ({
    label: photos === "1" ? "1 photo" : `${photos} photos`,
    value,
  }));
}

/** The first photos of each diagnosis in table order, class by class: for a grid with one row for each class. */
export function firstOfEachClass({ samples, classes }: Source, perClass: number): Sample[] {
  return classes.flatMap(({ code }) => samples.filter((sample) => sample.dx === code).slice(0, perClass));
}

/** The title of the figure of ages: their median. */
export function agesTitle(samples: readonly Sample[]): string {
  const known = samples.flatMap(({ age }) => age === null ? [] : [age]).sort((a, b) => a - b);
  return known.length === 0
    ? "The table has no ages"
    : `At least half of the photos with a known age show people of ${
      known[known.length >> 1]
    } years or older`;
}

/** The title of the figure of body sites: the two commonest. */
export function sitesTitle(samples: readonly Sample[]): string {
  const site = countBy(samples, "localization");
  const known = Object.keys(site).filter((name) => name !== "unknown").sort((a, b) => site[b] - site[a]);
  if (known.length === 0) return "The table does not say where the lesions are";
  const [first, second] = known;
  return second === undefined
    ? `The only known site is the ${first}`
    : `The commonest sites, ${first} and ${second}, make up ${
      percent((site[first] + site[second]) / samples.length)
    } of all photos`;
}

/** Paths of some photos, with diagnosis and image id as label, for a photo grid with a row for each diagnosis. */
export function photosOf(
  source: Source,
  samples: readonly Sample[],
): { path: string; label: string; row: string }[] {
  return samples.map(({ imagePath, dx, imageId }) => ({
    path: join(source.folder, imagePath),
    label: `${dx}\n${imageId}`,
    row: dx,
  }));
}

/** Drawn lesions of the same diagnoses, as large as the photos in a grid: for published copies, which may not show photos. */
export async function drawnPhotosOf(
  samples: readonly Sample[],
  { seed }: Pick<Config, "seed">,
): Promise<{ pixels: Uint8Array; size: ImageSize; label: string; row: string }[]> {
  const size: ImageSize = [150, 200];
  return await drawnInPlaceOf(samples.map(({ dx }) => ({ dx, size, label: dx, row: dx })), { seed });
}

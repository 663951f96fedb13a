/** What a run's photos are, in lines that every notebook shows first. */
import type { Config } from "../config.ts";
import { thousands } from "../support/format.ts";
import type { DiagnosisClass } from "../data/diagnosis.ts";
import { isOwnTable, type Sample } from "../data/metadata.ts";

export interface SourceFacts {
  readonly config: Config;
  readonly synthetic: boolean;
  readonly samples: readonly Sample[];
  readonly classes: readonly DiagnosisClass[];
  /** False where each image counts as a lesion of its own. */
  readonly knowsLesions: boolean;
  /** Image ids; null where nothing may be skipped. */
  readonly skipped: readonly string[] | null;
}

export function aboutSource(facts: SourceFacts): string[] {
  const { config, skipped } = facts;
  return [
    describePhotos(facts),
    ...isOwnTable(config)
      ? ["The text between the cells speaks of HAM10000, the tables and figures of these photos."]
      : [],
    ...skipped ? [describeSkipped(skipped, facts.samples.length)] : [],
  ];
}

function describePhotos({ config, synthetic, samples, classes, knowsLesions }: SourceFacts): string {
  const photos = thousands(samples.length);
  const lesions = thousands(new Set(samples.map((sample) => sample.lesionId)).size);
  if (synthetic) {
    return `SYNTHETIC stand-in data: ${photos} drawn images of ${lesions} drawn lesions, no photos`;
  }
  if (!isOwnTable(config)) return `HAM10000: ${photos} photos of ${lesions} lesions`;
  const of = knowsLesions ? ` of ${lesions} lesions` : ", each counted as a lesion of its own";
  return `Own data, not HAM10000: ${photos} photos${of}; ${classes.length} classes`;
}

function describeSkipped(skipped: readonly string[], left: number): string {
  if (skipped.length === 0) return "Damaged photos would be left out: there are none";
  const names = skipped.slice(0, 10).join(", ") + (skipped.length > 10 ? ", …" : "");
  return `${skipped.length} of ${skipped.length + left} photos cannot be decoded and are left out: ${names}`;
}

/**
 * The seven diagnoses of HAM10000, in label order 0…6, and the classes of other tables.
 *
 * Tschandl, Rosendahl & Kittler, "The HAM10000 dataset", Scientific Data 5, 180161 (2018).
 */
export const diagnoses = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"] as const;

export type Diagnosis = (typeof diagnoses)[number];

/** Full names of the codes. */
const diagnosisNames: Record<Diagnosis, string> = {
  akiec: "Actinic keratosis, Bowen's disease",
  bcc: "Basal cell carcinoma",
  bkl: "Benign keratosis-like lesion",
  df: "Dermatofibroma",
  mel: "Melanoma",
  nv: "Melanocytic nevus",
  vasc: "Vascular lesion",
};

/** Images per diagnosis in HAM10000, in label order; 10,015 in all. */
export const ham10000Counts = [327, 514, 1099, 115, 1113, 6705, 142] as const;

/** A class of the table at hand. Its label is its place in the list of all classes. */
export interface DiagnosisClass {
  /** Spelled as in the table. */
  readonly code: string;
  /** The full name if the code is one of HAM10000's, else the code again. */
  readonly name: string;
}

/** Classes with these codes, in their order. */
export function classesOf(codes: readonly string[]): DiagnosisClass[] {
  const names = new Map<string, string>(Object.entries(diagnosisNames));
  return codes.map((code) => ({ code, name: names.get(code) ?? code }));
}

/** HAM10000's seven, in label order. */
export const ham10000Classes: readonly DiagnosisClass[] = classesOf(diagnoses);

/** Full names by code, for figures. Classes whose name is only their code are left out. */
export function namesOf(classes: readonly DiagnosisClass[]): Record<string, string> {
  return Object.fromEntries(
    classes.filter(({ code, name }) => code !== name).map(({ code, name }) => [code, name]),
  );
}

/** Number of samples of each label, in label order. */
export function countLabels(labels: Iterable<number>, classes: number = diagnoses.length): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]++;
  return counts;
}

/** Codes of the classes that no label belongs to. */
export function lackingCodes(classes: readonly DiagnosisClass[], labels: Iterable<number>): string[] {
  const present = new Set(labels);
  return classes.flatMap(({ code }, label) => present.has(label) ? [] : [code]);
}

/** Counts in label order → counts by code, for figures. */
export function byCode(
  classes: readonly DiagnosisClass[],
  counts: readonly number[],
): Record<string, number> {
  return Object.fromEntries(classes.map(({ code }, label) => [code, counts[label]]));
}

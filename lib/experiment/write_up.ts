/** The write-up's own numbers and its mistakes. */

/** What the write-up claims. Accuracies are shares from 0 to 1. */
export const claimed = {
  title: "Skin Cancer prediction by image processing through CNN",
  accuracy: 0.895,
  accuracyElsewhere: 0.8946,
  images: 10_012,
  augmented: 42_650,
  train: 34_120,
  test: 8_530,
  subset: 12_000,
} as const;

export interface Erratum {
  readonly theWriteUpSays: string;
  readonly itIs: string;
}

export const errata: readonly Erratum[] = [
  { theWriteUpSays: "A 64×64 colour image has 4096 features", itIs: "64 × 64 × 3 = 12,288" },
  { theWriteUpSays: "0 is white and 255 is black", itIs: "0 is black and 255 is white" },
  {
    theWriteUpSays: "Dividing by 255 is called StandardScaler",
    itIs: "It scales to 0–1; a StandardScaler subtracts the mean and divides by the standard deviation",
  },
  { theWriteUpSays: "Accuracy 89.50 % in one place, 89.46 % in another", itIs: "One run has one accuracy" },
  {
    theWriteUpSays: "The gap's formula has its parentheses in the wrong place",
    itIs: "(train − test) / train × 100",
  },
  { theWriteUpSays: "“Article images”", itIs: "Left over from another data set; these are skin lesions" },
  { theWriteUpSays: "10,012 images", itIs: "HAM10000 has 10,015" },
  {
    theWriteUpSays: "Its tables are missing from the text",
    itIs: "Class targets, augmentation ranges, epochs and learning rates are chosen here, and marked so",
  },
];

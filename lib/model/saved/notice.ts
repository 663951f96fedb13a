/** What whoever uses a model must be told, word for word the same wherever it stands. */
import type { Provenance } from "./trained_model.ts";

export const medicalNotice =
  "This is no medical device. It must not be used to judge a skin lesion: see a doctor for that.";

/** Reasons why a model's answers mean nothing at all, as sentences; none for one that was trained on photos from a real base. */
export function warningsOf({ synthetic, base }: Provenance): string[] {
  return [
    ...synthetic
      ? ["SYNTHETIC: this model has learned from drawn pictures, not photos. Its answers mean nothing."]
      : [],
    ...base === "random"
      ? ["RANDOM BASE: this model started from random weights, not ImageNet's. Its answers mean nothing."]
      : [],
  ];
}

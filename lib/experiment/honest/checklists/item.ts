/** An answered item of a reporting checklist. */

/**
 * `done`: fully answered. `in part`: the answer says what is missing. `not done`: there are no data; the answer gives the reason.
 * `does not apply`: the item is about another kind of study; the answer gives the reason.
 */
export type Status = "done" | "in part" | "not done" | "does not apply";

export interface ChecklistItem {
  /** Number in the checklist: "20", "12c". */
  readonly item: string;
  /** In our own words. */
  readonly topic: string;
  readonly status: Status;
  /** The answer, or the reason why there is none, as a sentence. Markdown. */
  readonly answer: string;
  /**
   * Where to read more, as `place · part`: `notebook 8 · The plan` and `docs/METHOD.md · Split` name sections, `model card · Training
   * data` a section of MODEL_CARD.md, `honest_model.json · own.confusion` a field. A place without a part means the whole document.
   */
  readonly where: readonly string[];
}

/** Item, topic, status, answer, and places where to read more. */
export type ItemRow = readonly [string, string, Status, string, ...string[]];

export function answered(rows: readonly ItemRow[]): ChecklistItem[] {
  return rows.map(([item, topic, status, answer, ...where]) => ({ item, topic, status, answer, where }));
}

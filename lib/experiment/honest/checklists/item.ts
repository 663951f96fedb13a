/** An item of a reporting checklist, answered. */

/**
 * `done`: answered in full. `in part`: the rest is named. `not done`: there are no data for it, with the reason. `does not apply`: the
 * item asks about another kind of study, with the reason.
 */
export type Status = "done" | "in part" | "not done" | "does not apply";

export interface ChecklistItem {
  /** As the checklist numbers it: "20", "12c". */
  readonly item: string;
  /** In our own words. */
  readonly topic: string;
  readonly status: Status;
  /** A sentence: the answer, or the reason why there is none. Markdown. */
  readonly answer: string;
  /**
   * Where to read more, as `place · part`: `notebook 8 · The plan` and `docs/METHOD.md · Split` name sections, `model card · Training
   * data` one of MODEL_CARD.md, `honest_model.json · own.confusion` a field. A place without a part is the whole of it.
   */
  readonly where: readonly string[];
}

/** Item, topic, status, answer, and places where to read more. */
export type ItemRow = readonly [string, string, Status, string, ...string[]];

export function answered(rows: readonly ItemRow[]): ChecklistItem[] {
  return rows.map(([item, topic, status, answer, ...where]) => ({ item, topic, status, answer, where }));
}

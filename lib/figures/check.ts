/** A fact that a notebook states and checks. */
import { markdown } from "./markdown.ts";
import { show } from "./show.ts";

/**
 * Shows what was checked, `✓ every image is on exactly one side of the split`, as an output of the running cell.
 *
 * @throws {Error} when it does not hold: the cell, and with it the notebook, stops
 */
export async function check(statement: string, holds: boolean): Promise<void> {
  if (!holds) throw new Error(`✗ This does not hold: ${statement}`);
  await show(markdown(`✓ ${statement}`));
}

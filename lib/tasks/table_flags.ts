/** Flags that speak of another table than HAM10000's. */
import type { ColumnNames } from "../columns.ts";

/**
 * `image_id=image,dx=diagnosis` → { image_id: "image", dx: "diagnosis" }. Which columns there are, the configuration checks.
 *
 * @throws {RangeError} when an item has no "=" or a column is there twice
 */
export function parseColumns(text: string): ColumnNames {
  const pairs = text.split(",").map((item) => {
    const at = item.indexOf("=");
    if (at < 1) {
      throw new RangeError(
        `--columns is a list of HAM10000's name=the table's name, as in image_id=image,dx=diagnosis. ` +
          `Received: ${JSON.stringify(item)}`,
      );
    }
    return [item.slice(0, at).trim(), item.slice(at + 1).trim()];
  });
  const twice = pairs.find(([column], index) => pairs.findIndex(([other]) => other === column) !== index);
  if (twice) throw new RangeError(`--columns names each column once. Received: ${twice[0]} twice`);
  return Object.fromEntries(pairs);
}

/** `a, b,c` → ["a", "b", "c"]. */
export function parseList(text: string): string[] {
  return text.split(",").map((item) => item.trim());
}

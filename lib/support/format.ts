/** Numbers and text as figures, tables and prose write them. */

/** 0.638 → "63.8 %", with a no-break space. A value that is not a number gives "–". */
export function percent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(digits)}\u00a0%` : "–";
}

/** An interval of a share as text: `61.8 % to 65.7 %`. */
export function intervalText({ low, high }: { low: number; high: number }): string {
  return `${percent(low)} to ${percent(high)}`;
}

/** A difference of two shares in percentage points: 0.0042 → "0.42". A value that is not a number gives "–". */
export function points(difference: number, digits = 2): string {
  return Number.isFinite(difference) ? (100 * difference).toFixed(digits) : "–";
}

/** A difference in percentage points with its sign, where it has one as it is written: 0.0042 → "+0.42", −0.01 → "−1.00", 0.00001 → "0.00". */
export function signedPoints(difference: number, digits = 2): string {
  const text = points(Math.abs(difference), digits);
  const sign = Number(text) === 0 ? "" : difference < 0 ? "−" : difference > 0 ? "+" : "";
  return sign + text;
}

/** A difference of two shares with its interval, in points, as `+0.42 (−0.10 to +0.94)`. */
export function differenceText(
  { value, low, high }: { value: number; low: number; high: number },
  digits = 2,
): string {
  return `${signedPoints(value, digits)} (${signedPoints(low, digits)} to ${signedPoints(high, digits)})`;
}

/** 10015 → "10,015". A value that is not a number gives "–". */
export function thousands(count: number): string {
  return Number.isFinite(count) ? count.toLocaleString("en-US", { maximumFractionDigits: 0 }) : "–";
}

/** 1, "photo" → "1 photo"; 1512 → "1,512 photos". */
export function countText(count: number, noun: string): string {
  return `${thousands(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** The first of a list, with "…" where there are more: `a, b, …`. */
export function firstOf(items: readonly string[], most = 10): string {
  return items.slice(0, most).join(", ") + (items.length > most ? ", …" : "");
}

/** The first of a list, and how many there are where that is not all: `a, b, … (1512 in all)`. */
export function listed(
  items: readonly (string | number)[],
  { most = 10, separator = ", " }: { most?: number; separator?: string } = {},
): string {
  const more = items.length > most ? [`… (${items.length} in all)`] : [];
  return [...items.slice(0, most), ...more].join(separator);
}

/** 1.23456 → "1.235". A value that is not a number gives "–". */
export function decimals(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "–";
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** With a capital letter at its beginning. @param text not empty */
export function capitalized(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

/** Text for a place where `<`, `>` and `&` are markup: HTML between tags, SVG, plotly's labels (which know no `&quot;`). */
export function escapeMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Text for attribute values in double quotes, too. */
export function escapeHtml(text: string): string {
  return escapeMarkup(text).replaceAll('"', "&quot;");
}

/** Text for one line of Markdown, a table's cell too. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\|*_`<>$[\]]/g, "\\$&").replace(/\s*\n\s*/g, " ");
}

/** Formats numbers and text for figures, tables and prose. */

/** 0.638 → "63.8 %", with a no-break space. A value that is not finite gives "–". */
export function percent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(digits)}\u00a0%` : "–";
}

/** An interval of a share as text: `61.8 % to 65.7 %`. */
export function intervalText({ low, high }: { low: number; high: number }): string {
  return `${percent(low)} to ${percent(high)}`;
}

/** A share with its interval: `63.1 % (95 % interval 60.0 % to 66.0 %)`. Without one: the share alone. */
export function measuredText(
  value: number,
  interval: { low: number; high: number } | null | undefined,
): string {
  return interval ? `${percent(value)} (95 % interval ${intervalText(interval)})` : percent(value);
}

/** A difference of two shares in percentage points: 0.0042 → "0.42". A value that is not finite gives "–". */
export function points(difference: number, digits = 2): string {
  return Number.isFinite(difference) ? (100 * difference).toFixed(digits) : "–";
}

/** The same with its sign, or without one if it rounds to zero: 0.0042 → "+0.42", −0.01 → "−1.00", 0.00001 → "0.00". */
export function signedPoints(difference: number, digits = 2): string {
  const text = points(Math.abs(difference), digits);
  const sign = Number(text) === 0 ? "" : difference < 0 ? "−" : difference > 0 ? "+" : "";
  return sign + text;
}

/** A difference of two shares with its interval, in percentage points: `+0.42 (−0.10 to +0.94)`. */
export function differenceText(
  { value, low, high }: { value: number; low: number; high: number },
  digits = 2,
): string {
  return `${signedPoints(value, digits)} (${signedPoints(low, digits)} to ${signedPoints(high, digits)})`;
}

/** 10015 → "10,015". A value that is not finite gives "–". */
export function thousands(count: number): string {
  return Number.isFinite(count) ? count.toLocaleString("en-US", { maximumFractionDigits: 0 }) : "–";
}

/** 1, "photo" → "1 photo"; 1512 → "1,512 photos". */
export function countText(count: number, noun: string): string {
  return `${thousands(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** The first items of a list, with "…" if there are more: `a, b, …`. */
export function firstOf(items: readonly string[], most = 10): string {
  return items.slice(0, most).join(", ") + (items.length > most ? ", …" : "");
}

/** The first items of a list, with the total number if some are left out: `a, b, … (1512 in all)`. */
export function listed(
  items: readonly (string | number)[],
  { most = 10, separator = ", " }: { most?: number; separator?: string } = {},
): string {
  const more = items.length > most ? [`… (${items.length} in all)`] : [];
  return [...items.slice(0, most), ...more].join(separator);
}

/** 8530 → "n = 8,530", in one line. */
export function sampleText(n: number): string {
  return `n\u00a0=\u00a0${thousands(n)}`;
}

/** 1.23456 → "1.235". A value that is not finite gives "–". */
export function decimals(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "–";
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** The text with a capital first letter. @param text not empty */
export function capitalized(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

/** Escapes `<`, `>` and `&` for HTML between tags, SVG and plotly's labels (which do not know `&quot;`). */
export function escapeMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Escapes `"` as well, for attribute values in double quotes. */
export function escapeHtml(text: string): string {
  return escapeMarkup(text).replaceAll('"', "&quot;");
}

/** Escapes text for one line of Markdown, also for a table's cell. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\|*_`<>$[\]]/g, "\\$&").replace(/\s*\n\s*/g, " ");
}

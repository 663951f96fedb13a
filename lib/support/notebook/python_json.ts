/** JSON and lines as Python writes them, so that our notebook files equal Jupyter's to the byte. */

/** As `json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))`. */
export function sortedJson(value: unknown, indent = ""): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = indent + " ";
  const isArray = Array.isArray(value);
  // Not through a sorted object: JavaScript would put keys like "10" first.
  const items = isArray ? value.map((item) => sortedJson(item ?? null, inner)) : Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}: ${sortedJson(item, inner)}`);
  const [open, close] = isArray ? "[]" : "{}";
  return items.length === 0
    ? open + close
    : `${open}\n${inner}${items.join(`,\n${inner}`)}\n${indent}${close}`;
}

/** Python's line boundaries: CRLF, LF, CR, VT, FF, FS, GS, RS, NEL, LS, PS. */
// deno-lint-ignore no-control-regex -- FS, GS and RS are among them
const lineEnd = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;

/** As `text.splitlines(True)`: the lines with their ends. */
export function splitLines(text: string): string[] {
  const lines: string[] = [];
  let start = 0;
  for (const match of text.matchAll(lineEnd)) {
    const end = match.index + match[0].length;
    lines.push(text.slice(start, end));
    start = end;
  }
  return start < text.length ? [...lines, text.slice(start)] : lines;
}

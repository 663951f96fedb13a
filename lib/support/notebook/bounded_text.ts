/** Text of any length in bounded memory. */

export interface BoundedText {
  add(text: string): void;
  /** The text; where it was longer than the limit its first and last half of that, and between them what was left out. */
  toString(): string;
  /** Characters kept. */
  length(): number;
}

/** @param limit in characters (UTF-16 units); up to one added piece more is held */
export function boundedText(limit: number): BoundedText {
  const half = Math.floor(limit / 2);
  let head = "";
  let leftOut = 0;
  let tail: string[] = [];
  let tailLength = 0;
  return {
    add(text) {
      const room = half - head.length;
      if (room > 0) head += text.slice(0, room);
      if (text.length <= room) return;
      const rest = room > 0 ? text.slice(room) : text;
      tail.push(rest);
      tailLength += rest.length;
      if (tailLength < 2 * half + 1000) return; // joined only now and then
      const kept = tail.join("").slice(-half);
      leftOut += tailLength - kept.length;
      [tail, tailLength] = [[kept], kept.length];
    },
    toString() {
      const rest = tail.join("");
      const kept = rest.slice(-half);
      const missing = leftOut + rest.length - kept.length;
      if (missing === 0) return head + rest;
      return `${head}\n[… ${missing.toLocaleString("en")} characters left out …]\n${kept}`;
    },
    length: () => head.length + tailLength,
  };
}

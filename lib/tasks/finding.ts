/** The doctor's findings, one line each. */

/** One line of the table. Work can go on with a `note`, but not if `broken`. `todo` says what to do. */
export interface Finding {
  status: "ok" | "note" | "broken";
  subject: string;
  text: string;
  todo?: string;
}

/** The findings as a text table: status, subject, text and, indented below, what to do. */
export function table(findings: Finding[]): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  return findings.map(({ status, subject, text, todo }) => {
    const lines = text.split("\n").map((line) => line.trim());
    if (todo) lines.push(`→ ${todo}`);
    return `${status.padEnd(6)}  ${subject.padEnd(width)}  ${lines.join("\n" + " ".repeat(width + 10))}`;
  }).join("\n");
}

/** The doctor's findings, one line each. */
import { type Adapter, adapterText, noAdapterText } from "../support/engine/adapter.ts";

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

/** A GPU is used only if it is asked for, because only measuring tells whether it is faster. */
export function gpuFinding(adapter: Adapter | null, { isChosen }: { isChosen: boolean }): Finding {
  const subject = "gpu";
  if (!adapter) {
    const todo = noAdapterText();
    if (isChosen) return { status: "broken", subject, text: "no adapter, but WebGPU is to compute", todo };
    return { status: "note", subject, text: "no adapter; only --engine webgpu needs one", todo };
  }
  const text = adapterText(adapter);
  if (adapter.isSoftware) {
    return {
      status: "note",
      subject,
      text: `${text}, slower than all other engines`,
      ...isChosen && { todo: "unset HAM10000_ENGINE" },
    };
  }
  if (isChosen) return { status: "ok", subject, text };
  const how = "deno task doctor --measure says how fast it is; --engine webgpu computes on it";
  return { status: "ok", subject, text: `${text}, never chosen by itself\n${how}` };
}

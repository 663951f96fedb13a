/** Says what is wrong in code that cannot be parsed: Deno's kernel answers only "Execution failed". */
import { formatText } from "./formatter.ts";
import type { CodeResult } from "./kernel.ts";

/** Parses the code with Deno's formatter; null where that finds nothing wrong. */
export async function explainSyntaxError(code: string): Promise<CodeResult | null> {
  const { problem } = await formatText(code, { extension: "ts" });
  if (problem === null) return null;
  const place = problem.match(/_stdin\.ts:(\d+):(\d+)/);
  const [first, ...traceback] = problem.split("\n").filter((line) => !line.includes("_stdin.ts"));
  const where = place ? ` (line ${place[1]}, column ${place[2]} of the cell)` : "";
  return {
    status: "error",
    ename: "SyntaxError",
    evalue: first.replace(/^SyntaxError: /, "") + where,
    traceback,
  };
}

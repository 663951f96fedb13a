/** Deno's own formatter, on text. */
import { stripVTControlCharacters } from "node:util";

/**
 * Text as `deno fmt` formats it. (Its `--check` is of no use for notebooks. If a cell does not end with a line feed, as in all of
 * Jupyter's, Deno 2.9.6 calls the file unformatted and then changes nothing.)
 *
 * @param extension `ts`; or `ipynb`, which formats code and Markdown cells and leaves those alone that cannot be parsed
 * @param folder the folder whose deno.json applies; default: the working directory
 * @throws {SyntaxError} if it cannot be parsed, with the message of `deno fmt`
 */
export async function formatText(text: string, extension: "ts" | "ipynb", folder?: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", extension, "-"],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writing = new Blob([text]).stream().pipeTo(child.stdin).catch(() => {}); // the child may end without reading all
  const [{ success, stdout, stderr }] = await Promise.all([child.output(), writing]);
  if (success) return new TextDecoder().decode(stdout);
  const said = stripVTControlCharacters(new TextDecoder().decode(stderr)).split("\nStack backtrace:")[0];
  throw new SyntaxError(said.replace(/^error: (SyntaxError: )?/, "").trim());
}

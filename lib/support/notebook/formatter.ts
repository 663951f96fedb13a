/** Deno's own formatter, on text. */
import { stripVTControlCharacters } from "node:util";

/** The formatted text; or, where it could not be parsed, what `deno fmt` said. */
export type Formatted = { text: string; problem: null } | { text: null; problem: string };

/**
 * Formats text as `deno fmt` would. (Its `--check` is of no use for notebooks: Deno 2.9.6 calls each file unformatted in which
 * a cell does not end with a line feed, as Jupyter's never do, and then changes nothing.)
 *
 * @param options.extension `ts`; or `ipynb`, which formats code and Markdown cells and leaves those alone that cannot be parsed
 * @param options.folder whose deno.json holds; default: the working directory
 */
export async function formatText(
  text: string,
  options: { extension: "ts" | "ipynb"; folder?: string },
): Promise<Formatted> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", options.extension, "-"],
    cwd: options.folder,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  // It may end without reading all: then its answer tells.
  await writer.write(new TextEncoder().encode(text)).then(() => writer.close()).catch(() => {});
  const { success, stdout, stderr } = await output;
  const decoder = new TextDecoder();
  if (success) return { text: decoder.decode(stdout), problem: null };
  const said = stripVTControlCharacters(decoder.decode(stderr)).split("\nStack backtrace:")[0];
  return { text: null, problem: said.replace(/^error: /, "").trim() };
}

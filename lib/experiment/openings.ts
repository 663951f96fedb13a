/**
 * The log of test openings: `test_openings.jsonl`, one JSON line for each opening, written before any label is compared. Each
 * line holds the SHA-256 of the line before it, so only the last line can be removed or changed unnoticed.
 */
import { join } from "node:path";
import { sha256 } from "../support/digest.ts";
import { writeAtomic } from "../support/atomic.ts";
import { isObject } from "../support/json.ts";
import { lockWork } from "../support/lock.ts";
import { nullIfGone } from "../support/storage_error.ts";

export interface Opening {
  /** ISO 8601, UTC. */
  readonly time: string;
  /** The run's name and the digest of its configuration: they identify the model. */
  readonly name: string;
  readonly configuration: string;
  /** Digest of the test images and their labels: it identifies the set. */
  readonly set: string;
  /** SHA-256 of the line before; 64 zeros in the first line. */
  readonly previous: string;
}

export const openingsFile = "test_openings.jsonl";
const beginning = "0".repeat(64);

/**
 * All openings of a run's folder, in order.
 *
 * @throws {SyntaxError} if a line before the last was changed or removed, or if a line is not JSON; with the line's number
 */
export async function readOpenings(folder: string): Promise<Opening[]> {
  const path = join(folder, openingsFile);
  const text = await Deno.readTextFile(path).catch(nullIfGone) ?? "";
  let previous = beginning;
  return text.split("\n").filter((line) => line !== "").map((line, index) => {
    const opening = parseLine(line, `${path}, line ${index + 1}`);
    if (opening.previous !== previous) {
      throw new SyntaxError(
        `${path}, line ${
          index + 1
        }: expected "previous" to be the SHA-256 of the line before, ${previous}. ` +
          `Received: ${opening.previous}. The log was changed by hand: put it back as it was`,
      );
    }
    previous = sha256(line);
    return opening;
  });
}

/** Adds an opening to the log. Await it before comparing the answers with any label. */
export async function logOpening(
  folder: string,
  { name, configuration, set }: Pick<Opening, "name" | "configuration" | "set">,
): Promise<void> {
  using _ = await lockWork({ folder: join(folder, "store") }, "openings"); // a line holds the digest of the one before
  const openings = await readOpenings(folder);
  const last = openings.at(-1);
  const previous = last ? sha256(JSON.stringify(last)) : beginning;
  const line: Opening = { time: new Date().toISOString(), name, configuration, set, previous };
  const text = [...openings, line].map((one) => `${JSON.stringify(one)}\n`).join("");
  await writeAtomic(join(folder, openingsFile), text);
}

function parseLine(line: string, where: string): Opening {
  try {
    const opening = JSON.parse(line);
    if (isObject(opening)) return opening as unknown as Opening;
    throw new SyntaxError(line);
  } catch (error) {
    throw new SyntaxError(
      `${where}: expected an opening as JSON. Received: ${
        (error as Error).message
      }. Put the log back as it was; of a last line ` +
        "that was cut short, take away what is left",
      { cause: error },
    );
  }
}

/** How often each model was tested on each test set, in the order of the first opening. */
export function countOpenings(
  openings: readonly Opening[],
): { name: string; configuration: string; set: string; times: number }[] {
  const tests = Map.groupBy(openings, ({ configuration, set }) => `${configuration} ${set}`);
  return Array.from(tests.values(), (same) => {
    const [{ name, configuration, set }] = same;
    return { name, configuration, set, times: same.length };
  });
}

/** How many other networks were tested before a network was tested first. */
export function testedBefore(openings: readonly Opening[], configuration: string): number {
  const first = openings.findIndex((opening) => opening.configuration === configuration);
  return new Set(openings.slice(0, Math.max(first, 0)).map(({ configuration }) => configuration)).size;
}

/** How often each network was tested, in words. Markdown. */
export function describeOpenings(openings: readonly Opening[]): string {
  const counted = countOpenings(openings);
  const lines = counted.map(({ name, configuration, set, times }) =>
    `- ${name} (${configuration.slice(0, 12)}): test set ${set.slice(0, 12)} opened ${
      times === 1 ? "once" : `${times} times`
    }`
  );
  const isAgain = counted.some(({ times }) => times > 1);
  const places = counted.map(({ name, set }) => `${name} ${set}`);
  const notes = [
    ...isAgain
      ? [
        "The same digest is the same recipe. It was tested again where its answers were no longer stored. If the network was not " +
        "stored either, it was trained again.",
      ]
      : [],
    ...new Set(places).size < places.length
      ? [
        "Networks with one name and other digests were trained with other settings, or are of another training.",
      ]
      : [],
  ];
  return [
    "The log of openings; each line is chained to the one before by its digest:",
    "",
    ...lines,
    ...notes.length > 0 ? ["", notes.join(" ")] : [],
  ].join("\n");
}

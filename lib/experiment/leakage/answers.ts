/**
 * Keeps the predictions of notebook 7's networks as CSV tables, so that they can be measured again without training. All measurements
 * read the table, so they are the same whether the predictions were just computed or read.
 */
import { writeAtomic } from "../../support/atomic.ts";
import { parse, stringify } from "../../support/csv.ts";
import { nullIfGone } from "../../support/storage_error.ts";

/** A named set of photos that a network predicts, for example the own test. */
export interface AskedSet {
  readonly name: string;
  readonly imageIds: readonly string[];
  readonly labels: ArrayLike<number>;
}

/** With five decimals most of the table is zeros. An AUC changes by less than 0.001, because the smallest probabilities become equal. */
const decimals = 5;

/**
 * Class probabilities of each set, (photos, classes), rounded to five decimals. They are read from the CSV table at `path`. If there is
 * none, `answer` computes them and the table is written. A line has the set's name, `image_id`, `dx` and each class's probability in a
 * column like `p_nv`.
 *
 * @param codes codes of the classes, in label order
 * @throws {Error} if the table has other photos or classes, or was changed; the message names the line
 */
export async function keepAnswers(
  path: string,
  { sets, codes }: { sets: readonly AskedSet[]; codes: readonly string[] },
  answer: () => Promise<readonly ArrayLike<number>[]>,
): Promise<Float32Array[]> {
  const kept = await Deno.readTextFile(path).catch(nullIfGone);
  const text = kept ?? answersCsv(sets, codes, await answer());
  const answers = readAnswers(text, { path, sets, codes });
  if (kept === null) await writeAtomic(path, text);
  return answers;
}

function columnsOf(codes: readonly string[]): string[] {
  return ["photos", "image_id", "dx", ...codes.map((code) => `p_${code}`)];
}

function answersCsv(
  sets: readonly AskedSet[],
  codes: readonly string[],
  answers: readonly ArrayLike<number>[],
): string {
  const records = sets.flatMap(({ name, imageIds, labels }, set) =>
    imageIds.map((id, i) => {
      const probability = (label: number) => answers[set][i * codes.length + label].toFixed(decimals);
      const values = codes.map((code, label) => [`p_${code}`, Number(probability(label))] as const);
      return { photos: name, image_id: id, dx: codes[labels[i]], ...Object.fromEntries(values) };
    })
  );
  return stringify(records, { columns: columnsOf(codes) });
}

function readAnswers(
  text: string,
  { path, sets, codes }: { path: string; sets: readonly AskedSet[]; codes: readonly string[] },
): Float32Array[] {
  const fail = (line: number, expected: string, received: string): never => {
    throw new Error(
      `${path} does not hold a network's answers to this run's photos. Expected on line ${line}: ${expected}. ` +
        `Received: ${received}. Remove the file, and the network is trained again`,
    );
  };
  const [header, ...rows] = parse(text);
  const columns = columnsOf(codes).join();
  if (header?.join() !== columns) fail(1, columns, header?.join() ?? "nothing");
  let line = 1;
  const answers = sets.map(({ name, imageIds, labels }) => {
    const values = new Float32Array(imageIds.length * codes.length);
    imageIds.forEach((id, i) => {
      const row = rows[line++ - 1];
      const expected = [name, id, codes[labels[i]]].join();
      if (row?.slice(0, 3).join() !== expected) fail(line, expected, row?.join() ?? "the end");
      const own = row.slice(3).map((field) => field === "" ? NaN : Number(field));
      const sum = own.reduce((a, b) => a + b, 0);
      const isRounded = Math.abs(sum - 1) <= codes.length * 10 ** -decimals &&
        own.every((value) => value >= 0);
      if (own.length !== codes.length || !isRounded) {
        fail(line, `${codes.length} probabilities, together 1`, row.slice(3).join());
      }
      values.set(own, i * codes.length);
    });
    return values;
  });
  if (line <= rows.length) fail(line + 1, "the end", rows[line - 1].join());
  return answers;
}

/**
 * What a network of notebook 7 answers, as a table: so that who has the table can measure it again, and need not train the network.
 * All that is measured comes from the table, so it is the same whether the answers were computed or read.
 */
import { writeAtomic } from "../../support/atomic.ts";
import { parse, stringify } from "../../support/csv.ts";
import { nullIfGone } from "../../support/storage_error.ts";

/** Photos that a network answers: the own test, say. */
export interface AskedSet {
  readonly name: string;
  readonly imageIds: readonly string[];
  readonly labels: ArrayLike<number>;
}

/** Five decimals: most of the table is zeros then, and an AUC changes by less than 0.001, as the least probabilities become equal. */
const decimals = 5;

/**
 * Class probabilities of each set, (photos, classes), to five decimals: from the CSV table at `path`, else from `answer`, whose
 * answers are then written there. A line has the set's name, `image_id`, `dx`, and as `p_nv` the probability of each class.
 *
 * @param codes of the classes, in label order
 * @throws {Error} where the table is of other photos or classes, or has been changed: it names the line
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

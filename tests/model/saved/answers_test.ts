import assert from "node:assert/strict";
import { parse } from "../../../lib/support/csv.ts";
import { classesOf, ham10000Classes } from "../../../lib/data/diagnosis.ts";
import { answersCsv, answerText } from "../../../lib/model/saved/answers.ts";
import type { PhotoAnswer } from "../../../lib/model/saved/classify.ts";

const seven = Float32Array.of(0.01, 0.02, 0.04, 0.005, 0.613, 0.3, 0.012);
const answer: PhotoAnswer = { path: "a, b.jpg", probabilities: seven, problem: null };
const damaged: PhotoAnswer = { path: "c.jpg", probabilities: null, problem: "c.jpg: is empty (0 bytes)" };

Deno.test("an answer is the path and a line for each class, aligned, the most likely first", () => {
  assert.equal(
    answerText(answer, ham10000Classes),
    `a, b.jpg
  mel    Melanoma                             61.3 %
  nv     Melanocytic nevus                    30.0 %
  bkl    Benign keratosis-like lesion          4.0 %
  bcc    Basal cell carcinoma                  2.0 %
  vasc   Vascular lesion                       1.2 %
  akiec  Actinic keratosis, Bowen's disease    1.0 %
  df     Dermatofibroma                        0.5 %`,
  );
  assert.equal(answerText(damaged, ham10000Classes), "c.jpg: is empty (0 bytes)");
});

Deno.test("the table has a row for each photo that could be read, and a column for each class", () => {
  const rows = parse(answersCsv([answer, damaged], ham10000Classes), { skipFirstRow: true });
  assert.equal(rows.length, 1);
  const { path, predicted, ...probabilities } = rows[0];
  assert.deepEqual([path, predicted], ["a, b.jpg", "mel"]);
  assert.deepEqual(Object.keys(probabilities), ham10000Classes.map(({ code }) => code));
  assert.deepEqual(Object.values(probabilities).map(Number), Array.from(seven));
});

Deno.test("classes called like the table's own columns keep theirs", () => {
  const classes = classesOf(["path", "predicted", "other"]);
  const text = answersCsv([{ ...answer, probabilities: Float32Array.of(0.25, 0.5, 0.25) }], classes);
  assert.equal(
    text,
    'path,predicted,class path,class predicted,other\n"a, b.jpg",predicted,0.25,0.5,0.25\n',
  );
});

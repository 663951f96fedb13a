/** A table of a network's answers: what it holds, that it is read as it was written, and what is said of one that does not fit. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAnswers } from "../../../lib/experiment/leakage/answers.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const codes = ["nv", 'rare, "other"'];
const sets = [
  { name: "own test", imageIds: ["ISIC_1", "ISIC_2"], labels: [0, 1] },
  { name: "official test set", imageIds: ["ISIC_9"], labels: [0] },
];
const asked = { sets, codes };
const answers = [Float32Array.of(0.9, 0.1, 1e-7, 0.9999999), Float32Array.of(1 / 3, 2 / 3)];
const answer = () => Promise.resolve(answers);
const none = () => Promise.reject(new Error("the network was asked again"));

Deno.test("a network's answers are stored with five decimals and read back as first returned", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "answers", "network.csv");
  const first = await keepAnswers(path, asked, answer);
  assert.deepEqual(first, [Float32Array.of(0.9, 0.1, 0, 1), Float32Array.of(0.33333, 0.66667)]);
  assert.equal(
    await Deno.readTextFile(path),
    [
      'photos,image_id,dx,p_nv,"p_rare, ""other"""',
      "own test,ISIC_1,nv,0.9,0.1",
      'own test,ISIC_2,"rare, ""other""",0,1',
      "official test set,ISIC_9,nv,0.33333,0.66667",
      "",
    ].join("\n"),
  );
  assert.deepEqual(await keepAnswers(path, asked, none), first);
});

Deno.test("a network that fails leaves no table of answers", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "network.csv");
  await assert.rejects(keepAnswers(path, asked, none), { message: "the network was asked again" });
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("a table of answers for other photos or classes, or one cut short or changed, is refused, with the line", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "network.csv");
  await keepAnswers(path, asked, answer);
  const whole = await Deno.readTextFile(path);
  const cases: [string, string, RegExp][] = [
    [
      "another photo",
      whole.replace("ISIC_2", "ISIC_3"),
      /line 3: own test,ISIC_2,.*Received: own test,ISIC_3/,
    ],
    ["another diagnosis", whole.replace("ISIC_1,nv", "ISIC_1,mel"), /line 2: own test,ISIC_1,nv\. Received/],
    ["another class", whole.replace("p_nv", "p_mel"), /line 1: photos,image_id,dx,p_nv,.*Received: .*p_mel/],
    ["a set less", whole.split("official")[0], /line 4: official test set,ISIC_9,nv\. Received: the end/],
    ["cut within a line", whole.slice(0, -9), /line 4: 2 prob.*, together 1\. Received: 0\.33333\. /],
    ["cut within a number", whole.slice(0, -4), /line 4: 2 prob.*Received: 0\.33333,0\.66\. /],
    ["below 0", whole.replace("0.9,0.1", "1.1,-0.1"), /line 2: 2 prob.*Received: 1\.1,-0\.1\. /],
    ["a line more", `${whole}own test,ISIC_4,nv,1,0\n`, /line 5: the end\. Received: own test,ISIC_4/],
    ["no number", whole.replace("0.9,0.1", "0.9,"), /line 2: 2 probabilities.*Received: 0\.9,/],
    ["more than 1", whole.replace("0.9,0.1", "9,0.1"), /line 2: 2 probabilities.*Received: 9,0\.1/],
    ["nothing", "", /line 1: photos,.*Received: nothing/],
  ];
  for (const [what, text, message] of cases) {
    await Deno.writeTextFile(path, text);
    await assert.rejects(keepAnswers(path, asked, none), (error: Error) => {
      assert.match(error.message, message, what);
      assert.ok(error.message.startsWith(`${path} does not hold`), what);
      assert.match(error.message, /Remove the file, and the network is trained again$/, what);
      return true;
    });
    assert.equal(await Deno.readTextFile(path), text, `${what}: the file is left as it is`);
  }
});

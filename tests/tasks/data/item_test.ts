import assert from "node:assert/strict";
import { oneHotTable, tableWithCommas } from "../../../lib/tasks/data/item.ts";

const csv = `lesion_id,image_id,dx,dx_type,age,sex,localization
HAM_0000118,ISIC_0027419,bkl,histo,80.0,male,scalp
HAM_0001186,ISIC_0033391,bkl,consensus,,unknown,unknown
`;
/** As a Dataverse keeps it: texts in quotes, numbers bare. */
const tab = csv.split("\n").map((line, row) =>
  line.split(",").map((field, column) => row === 0 || column === 4 || !line ? field : `"${field}"`).join("\t")
).join("\n");

Deno.test("a table with commas stays unchanged, byte for byte; one with tabs is converted to commas", () => {
  for (const text of [csv, csv.replaceAll("\n", "\r\n"), `\uFEFF${csv}`]) {
    assert.deepEqual(tableWithCommas(text, "table"), { csv: text, rows: 2, changed: null });
  }
  for (const text of [tab, `\uFEFF${tab.replaceAll("\n", "\r\n")}`]) {
    assert.deepEqual(tableWithCommas(text, "table"), { csv, rows: 2, changed: "tabs turned to commas" });
  }
  const odd = tab.replace('"scalp"', String.raw`"a \"b\", c\\d"`);
  assert.equal(tableWithCommas(odd, "table").csv, csv.replace("scalp", String.raw`"a ""b"", c\d"`));
});

Deno.test("a file that is not the expected table is refused", () => {
  const cases: [string, RegExp][] = [
    ["<html>\n<p>Sign in</p>\n", /^table: expected rows with the columns lesion_id, .* Received: <html>/],
    ["", /Received: none/],
    [tab.replace('\t"scalp"', ""), /^table: .*length is 7, got 6 on line 2/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => tableWithCommas(text, "table"), { name: "SyntaxError", message });
  }
});

const truth = `image,MEL,NV,BCC,AKIEC,BKL,DF,VASC
ISIC_0034524,0.0,1.0,0.0,0.0,0.0,0.0,0.0
ISIC_0034525,0.0,0.0,0.0,1.0,0.0,0.0,0.0
`;

Deno.test("the ISIC 2018 ground truth is converted to one column per class, from any of its formats", () => {
  assert.deepEqual(oneHotTable(truth, "truth"), { csv: truth, rows: 2, changed: null });
  const tabs = truth.replaceAll(",", "\t").replace(/ISIC_\d+/g, '"$&"').replaceAll(".0", "");
  assert.deepEqual(oneHotTable(tabs, "truth"), { csv: truth, rows: 2, changed: "tabs turned to commas" });
  const words = "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\n" +
    "HAM_1,ISIC_0034524,nv,histo,80.0,male,scalp,rosendahl\nHAM_2,ISIC_0034525,akiec,histo,,,scalp,rosendahl\n";
  for (const text of [words, words.replaceAll(",", "\t")]) {
    const { csv, changed } = oneHotTable(text, "truth");
    assert.deepEqual([csv, changed], [truth, "diagnoses turned to a column each"]);
  }
  const wrong: [string, RegExp][] = [
    [
      truth.replace("1.0", "0.0"),
      /^truth, row 2: expected one of MEL, NV, .*\. Received: 0, 0, 0, 0, 0, 0, 0$/,
    ],
    [truth.replace("0.0", "1.0"), /^truth, row 2: .* Received: 1, 1, 0, 0, 0, 0, 0$/],
    [words.replace("akiec", "scc"), /^truth, row 3: .* Received: scc$/],
    ["<html>\n<p>Sign in</p>\n", /^truth: expected rows with the columns image, MEL, .* Received: <html>$/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(() => oneHotTable(text, "truth"), { name: "SyntaxError", message });
  }
});

import assert from "node:assert/strict";
import { tableWithCommas } from "../../../lib/tasks/data/item.ts";

const csv = `lesion_id,image_id,dx,dx_type,age,sex,localization
HAM_0000118,ISIC_0027419,bkl,histo,80.0,male,scalp
HAM_0001186,ISIC_0033391,bkl,consensus,,unknown,unknown
`;
/** As a Dataverse keeps it: texts in quotes, numbers bare. */
const tab = csv.split("\n").map((line, row) =>
  line.split(",").map((field, column) => row === 0 || column === 4 || !line ? field : `"${field}"`).join("\t")
).join("\n");

Deno.test("a table with commas stays as it is, byte for byte; one with tabs becomes it", () => {
  for (const text of [csv, csv.replaceAll("\n", "\r\n"), `\uFEFF${csv}`]) {
    assert.deepEqual(tableWithCommas(text, "table"), { csv: text, rows: 2, converted: false });
  }
  for (const text of [tab, `\uFEFF${tab.replaceAll("\n", "\r\n")}`]) {
    assert.deepEqual(tableWithCommas(text, "table"), { csv, rows: 2, converted: true });
  }
  const odd = tab.replace('"scalp"', String.raw`"a \"b\", c\\d"`);
  assert.equal(tableWithCommas(odd, "table").csv, csv.replace("scalp", String.raw`"a ""b"", c\d"`));
});

Deno.test("what is no such table is refused", () => {
  const cases: [string, RegExp][] = [
    ["<html>\n<p>Sign in</p>\n", /^table: expected rows with the columns lesion_id, .* Received: <html>/],
    ["", /Received: none/],
    [tab.replace('\t"scalp"', ""), /^table: .*length is 7, got 6 on line 2/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => tableWithCommas(text, "table"), { name: "SyntaxError", message });
  }
});

import assert from "node:assert/strict";
import { parse } from "../../../lib/support/csv.ts";
import { tableWithCommas } from "../../../lib/support/download/metadata_table.ts";

const header = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"];
const csv = `${header.join(",")}
HAM_0000118,ISIC_0027419,bkl,histo,80.0,male,scalp
HAM_0001186,ISIC_0033391,bkl,consensus,,unknown,unknown
`;
const quoted = (...fields: string[]) => fields.map((field) => `"${field}"`);
const tab = [
  header,
  [...quoted("HAM_0000118", "ISIC_0027419", "bkl", "histo"), "80.0", ...quoted("male", "scalp")],
  [...quoted("HAM_0001186", "ISIC_0033391", "bkl", "consensus"), "", ...quoted("unknown", "unknown")],
].map((fields) => fields.join("\t") + "\n").join("");

Deno.test("a table with commas stays as it is, byte for byte", () => {
  for (const text of [csv, csv.replaceAll("\n", "\r\n"), `\uFEFF${csv}`]) {
    assert.deepEqual(tableWithCommas(text, "table"), { csv: text, rows: 2, converted: false });
  }
});

Deno.test("a table with tabs becomes the table with commas", () => {
  assert.deepEqual(tableWithCommas(tab, "table"), { csv, rows: 2, converted: true });
  assert.deepEqual(tableWithCommas(`\uFEFF${tab.replaceAll("\n", "\r\n")}`, "table").csv, csv);
});

Deno.test("escapes and commas inside a value survive", () => {
  const odd = tab.replace('"scalp"', String.raw`"a \"b\", c\\d"`);
  const [row] = parse(tableWithCommas(odd, "table").csv, { skipFirstRow: true });
  assert.equal(row.localization, String.raw`a "b", c\d`);
});

Deno.test("what is no such table is refused", () => {
  assert.throws(
    () => tableWithCommas("<html>\n<p>Sign in</p>\n", "table"),
    /table: expected rows with the columns/,
  );
  assert.throws(() => tableWithCommas("", "table"), /Received: none/);
  assert.throws(
    () => tableWithCommas(tab.replace('\t"scalp"', ""), "t"),
    /t, row 2: expected 7 values\. Received: 6/,
  );
});

import assert from "node:assert/strict";
import { parse, stringify } from "../../lib/support/csv.ts";
import { randomFor } from "../../lib/support/random.ts";

Deno.test("what is written is read back: commas, quotes, line breaks, empty fields", () => {
  const random = randomFor("csv");
  const pieces = ["a", ",", '"', "\n", "é", " ", ""];
  const text = () => Array.from({ length: 6 }, () => pieces[Math.floor(random() * pieces.length)]).join("");
  for (let i = 0; i < 200; i++) {
    const rows = Array.from({ length: 3 }, (_, row) => ({ id: `${row}`, note: text() }));
    assert.deepEqual(parse(stringify(rows, { columns: ["id", "note"] }), { skipFirstRow: true }), rows);
  }
});

Deno.test("BOM, CRLF and quoted commas are read", () => {
  const rows = parse('\uFEFFid,site\r\n1,"ear, left"\r\n', { skipFirstRow: true });
  assert.deepEqual(rows, [{ id: "1", site: "ear, left" }]);
});

Deno.test("an open quote, a missing field, one too many or two columns of one name are a SyntaxError that names the line", () => {
  const faults: [string, RegExp][] = [
    ['id,dx\n1,"nv\n', /line/],
    ["id,dx\n1,nv\n2\n", /columns length is 2, got 1 on line 3/],
    ["id,dx\n1,nv\n2,mel,more\n", /columns length is 2, got 3 on line 3/],
    ["id,dx,id\n1,nv,2\n", /two columns are called "id" on line 1/],
  ];
  for (const [text, message] of faults) {
    assert.throws(() => parse(text, { skipFirstRow: true }), { name: "SyntaxError", message });
  }
});

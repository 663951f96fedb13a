import assert from "node:assert/strict";
import { parse, stringify } from "../../lib/support/csv.ts";
import { randomFor } from "../../lib/support/random.ts";

Deno.test("tables are read back as written: commas, quotes, line breaks, empty fields", () => {
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

Deno.test("an open quote, a missing or extra field and a duplicate column name are SyntaxErrors that name the line", () => {
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

Deno.test("without column names rows are lists; any separator, any line end, blanks beside quotes, quotes in a field", () => {
  const text = 'a; "b;1" ;c\r\n1;"2\n""3""";\n\n4" wide; 5\r';
  assert.deepEqual(parse(text, { separator: ";" }), [["a", "b;1", "c"], ["1", '2\n"3"', ""], [""], [
    '4" wide',
    "5",
  ]]);
  assert.deepEqual(parse("a,b\n1,2\n"), [["a", "b"], ["1", "2"]]);
  assert.deepEqual(parse("a\tb\n\t2\n", { separator: "\t", skipFirstRow: true }), [{ a: "", b: "2" }]);
  assert.throws(() => parse('a,b\n"1,2\n'), {
    name: "SyntaxError",
    message: /Not a readable CSV table: .*line/,
  });
});

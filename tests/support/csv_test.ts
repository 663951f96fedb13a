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

Deno.test("two columns of one name are a SyntaxError that names it", () => {
  assert.throws(() => parse("id,dx,id\n1,nv,2\n", { skipFirstRow: true }), {
    name: "SyntaxError",
    message: /two columns are called "id" on line 1/,
  });
});

Deno.test("an open quote, a missing field or one too many is a SyntaxError that names the line", () => {
  assert.throws(() => parse('id,dx\n1,"nv\n', { skipFirstRow: true }), {
    name: "SyntaxError",
    message: /line/,
  });
  for (const row of ["2", "2,mel,more"]) {
    assert.throws(() => parse(`id,dx\n1,nv\n${row}\n`, { skipFirstRow: true }), {
      name: "SyntaxError",
      message: /columns length is 2, got [13] on line 3/,
    });
  }
});

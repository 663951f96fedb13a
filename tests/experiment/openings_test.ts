import assert from "node:assert/strict";
import { join } from "node:path";
import {
  countOpenings,
  describeOpenings,
  logOpening,
  openingsFile,
  readOpenings,
  testedBefore,
} from "../../lib/experiment/openings.ts";
import { inFolder } from "../support/temporary_folder.ts";

const opening = (name: string, set = "5e7") => ({ name, configuration: `${name} digest`, set });

Deno.test("openings are logged in order, chained, and counted by network and set", async () => {
  await inFolder(async (folder) => {
    assert.deepEqual(await readOpenings(folder), []);
    for (const one of [opening("a"), opening("b"), opening("a"), opening("a", "other")]) {
      await logOpening(folder, one);
    }
    const openings = await readOpenings(folder);
    assert.deepEqual(openings.map(({ name }) => name), ["a", "b", "a", "a"]);
    assert.equal(new Set(openings.map(({ previous }) => previous)).size, 4);
    assert.deepEqual(countOpenings(openings).map(({ name, set, times }) => [name, set, times]), [
      ["a", "5e7", 2],
      ["b", "5e7", 1],
      ["a", "other", 1],
    ]);
    assert.match(
      describeOpenings(openings),
      /- a \(a digest\): test set 5e7 opened 2 times\n- b .*opened once[^]*\n\nThe same digest is the same recipe\. .* trained again\.$/,
    );
    assert.deepEqual(["a digest", "b digest"].map((one) => testedBefore(openings, one)), [0, 1]);
    const [first] = openings;
    assert.match(describeOpenings([first]), /opened once$/);
    assert.match(
      describeOpenings([first, { ...first, configuration: "later" }]),
      /- a \(a digest\).* opened once\n- a \(later\).* opened once\n\nNetworks with one name and other digests .*\.$/,
    );
  });
});

Deno.test("a truncated line is reported with file, line and what to do, and nothing is appended after it", async () => {
  await inFolder(async (folder) => {
    for (const name of ["a", "b"]) await logOpening(folder, opening(name));
    const path = join(folder, openingsFile);
    await Deno.writeTextFile(path, (await Deno.readTextFile(path)).slice(0, -30));
    const told = {
      name: "SyntaxError",
      message: /jsonl, line 2: expected an opening as JSON\..*take away what is left/,
    };
    await assert.rejects(readOpenings(folder), told);
    await assert.rejects(logOpening(folder, opening("c")), told);
  });
});

Deno.test("openings logged at the same time form one chain", async () => {
  await inFolder(async (folder) => {
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map((name) => logOpening(folder, opening(name))));
    assert.deepEqual((await readOpenings(folder)).map(({ name }) => name).sort(), names);
  });
});

Deno.test("a changed, removed or inserted line is reported with a line number", async () => {
  const changes: [string, (lines: string[]) => string[], RegExp][] = [
    ["changed", ([a, b, c]) => [a.replace('"a"', '"z"'), b, c], /line 2: expected "previous"/],
    ["taken out", ([, b, c]) => [b, c], /line 1: /],
    ["taken out of the middle", ([a, , c]) => [a, c], /line 2: /],
    ["put in", ([a, b, c]) => [a, a, b, c], /line 2: /],
    ["no opening", ([a, b]) => [a, "null", b], /line 2: expected an opening as JSON\. Received: null\./],
  ];
  for (const [what, change, message] of changes) {
    await inFolder(async (folder) => {
      for (const name of ["a", "b", "c"]) await logOpening(folder, opening(name));
      const path = join(folder, openingsFile);
      const lines = (await Deno.readTextFile(path)).trim().split("\n");
      await Deno.writeTextFile(path, change(lines).join("\n") + "\n");
      await assert.rejects(readOpenings(folder), { name: "SyntaxError", message }, what);
      await assert.rejects(
        logOpening(folder, opening("d")),
        { name: "SyntaxError" },
        `${what}: nothing is added`,
      );
    });
  }
});

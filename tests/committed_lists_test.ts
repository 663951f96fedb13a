/** The lists and answers of notebook 7 in the committed report are what its protocol and its numbers say. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { diagnoses } from "../lib/data/diagnosis.ts";
import { argmaxRows, evaluate } from "../lib/evaluation/metrics.ts";
import { partsFile } from "../lib/experiment/leakage/division.ts";
import type { LeakFreeResults } from "../lib/experiment/leakage/results.ts";
import { readResults } from "../lib/experiment/results.ts";
import { parse } from "../lib/support/csv.ts";
import { projectRoot } from "../lib/support/project.ts";

const report = join(projectRoot, "outputs", "report");
const read = async (name: string) =>
  parse(await Deno.readTextFile(join(report, name)), { skipFirstRow: true }) as Record<string, string>[];

/** How often each value occurs. */
function counts(values: Iterable<string>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const value of values) found[value] = (found[value] ?? 0) + 1;
  return found;
}

for (let partition = 0; partition < 5; partition++) {
  Deno.test(`partition ${partition}: one test photo per group, equal halves, lists of one size and class mix, only the intended leak`, async () => {
    const parts = await read(partsFile(partition));
    assert.equal(parts.length, 10_015);
    const test = parts.filter(({ part }) => part === "test");
    assert.equal(new Set(test.map(({ group }) => group)).size, test.length, "one photo of each group");
    assert.deepEqual(counts(test.map(({ dx }) => dx)), {
      ...{ akiec: 46, bcc: 65, bkl: 145, df: 15, mel: 123, nv: 1079, vasc: 20 },
    });
    for (const dx of diagnoses) {
      const { A, B } = counts(test.filter((photo) => photo.dx === dx).map(({ half }) => half));
      assert.ok(Math.abs(A - B) <= 1, `${dx}: ${A} and ${B}`);
    }
    const sides = new Map<string, Set<string>>();
    for (const { group, part } of parts) {
      const side = part === "relative" ? "test" : part;
      sides.set(group, (sides.get(group) ?? new Set()).add(side));
    }
    assert.ok([...sides.values()].every((own) => own.size === 1), "no group on two sides");

    const photos = new Map(parts.map((photo) => [photo.image_id, photo]));
    const { perClass } = (await readResults(report))!.counts;
    const mix = Object.fromEntries(diagnoses.map((dx, label) => [dx, perClass.subsetTrain[label]]));
    const lists = new Map<string, Record<string, string>[]>();
    for (const name of ["none", "lesionA", "lesionB", "copyA", "copyB"]) {
      lists.set(name, await read(`leak_free/train_${partition}_${name}.csv`));
    }
    const copiesOf = (list: Record<string, string>[]) => counts(list.map(({ image_id }) => image_id));
    const copies = new Map([...lists].map(([name, list]) => [name, copiesOf(list)]));
    const shape = (name: string) => Object.values(copies.get(name)!).sort((a, b) => a - b);
    for (const [name, list] of lists) {
      assert.equal(list.length, 9600, name);
      assert.equal(
        new Set(list.map(({ image_id, copy }) => `${image_id} ${copy}`)).size,
        9600,
        "no image twice",
      );
      assert.ok(list.every(({ copy }) => Number(copy) >= 1), "copies alone");
      assert.deepEqual(
        counts(list.map(({ image_id }) => photos.get(image_id)!.dx)),
        mix,
        "the class mix as written",
      );
      assert.deepEqual(shape(name), shape("none"), "as many photos, each with as many copies");
      const own = Object.keys(copies.get(name)!).map((id) => photos.get(id)!);
      const [kind, half] = [name.slice(0, -1), name.at(-1)];
      const leaked = own.filter(({ part }) => part !== "train");
      if (name === "none") assert.equal(leaked.length, 0);
      else {
        const part = kind === "copy" ? "test" : "relative";
        assert.ok(leaked.every((photo) => photo.part === part && photo.half === half), name);
        const all = parts.filter((photo) => photo.part === part && photo.half === half);
        // A relative with the pixels of its test photo is no relative
        assert.ok(
          all.length - leaked.length <= (kind === "copy" ? 0 : 2),
          `${name}: ${leaked.length} of ${all.length}`,
        );
        const stated = { akiec: 4, bcc: 3, bkl: 1, df: 12, mel: 1, nv: 1, vasc: 9 };
        for (const [dx, n] of Object.entries(stated)) {
          const doses = leaked.filter((photo) => photo.dx === dx).map(({ image_id }) =>
            copies.get(name)![image_id]
          );
          assert.ok(doses.every((each) => each === n), `${name}: ${dx} ${doses}`);
          assert.ok(doses.length > 0 || kind === "lesion", `${name}: no ${dx}`);
        }
      }
    }
  });
}

for (const [depth, networks] of [["block3", 15], ["block1", 5]] as const) {
  Deno.test(`the stored predictions alone reproduce the report's scores and its effect of copies, trained from ${depth} on`, async () => {
    const { ladder, effects }: LeakFreeResults = JSON.parse(
      await Deno.readTextFile(join(report, "leak_free.json")),
    );
    const files = Array.from(Deno.readDirSync(join(report, "leak_free", "answers")), ({ name }) => name)
      .sort();
    const recall = { seen: new Map<string, number[]>(), unseen: new Map<string, number[]>() };
    const halves: Map<string, string>[] = []; // of the photos, by division
    const own = ladder.filter((network) => network.depth === depth);
    assert.equal(own.length, networks);
    for (const network of own) {
      const { rung, half, partition, seed } = network;
      const halfOf = halves[partition] ??= new Map(
        (await read(partsFile(partition))).map(({ image_id, half }) => [image_id, half]),
      );
      const name = `${[depth, rung, half ?? [], partition, seed].flat().join("_")}_`;
      const [file, ...others] = files.filter((file) => file.startsWith(name));
      assert.deepEqual([typeof file, others], ["string", []], name);
      const rows = await read(`leak_free/answers/${file}`);
      for (
        const [set, scores] of [["own test", network.own], ["official test set", network.official!]] as const
      ) {
        const asked = rows.filter(({ photos }) => photos === set);
        const truth = asked.map(({ dx }) => diagnoses.findIndex((code) => code === dx));
        const answers = Float32Array.from(
          asked.flatMap((row) => diagnoses.map((dx) => Number(row[`p_${dx}`]))),
        );
        const found = evaluate(truth, answers, diagnoses.length);
        assert.equal(asked.length, scores.n);
        for (const score of ["balancedAccuracy", "accuracy"] as const) {
          assert.ok(Math.abs(found[score] - scores[score]) < 1e-9, `${file}, ${set}: ${score}`);
        }
        if (set !== "own test" || rung !== "copy") continue;
        const predicted = argmaxRows(answers, diagnoses.length);
        asked.forEach(({ image_id, dx }, i) => {
          const by = halfOf.get(image_id) === half ? recall.seen : recall.unseen;
          by.set(dx, [...by.get(dx) ?? [], Number(predicted[i] === truth[i])]);
        });
      }
    }
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const [seen, unseen] = [recall.seen, recall.unseen].map((by) => mean([...by.values()].map(mean)));
    const { effect } = effects.find((found) => found.kind === "copy" && found.depth === depth)!;
    assert.ok(Math.abs(seen - unseen - effect.value) < 1e-9, `${seen - unseen} and ${effect.value}`);
  });
}

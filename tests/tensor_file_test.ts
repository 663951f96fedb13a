import assert from "node:assert/strict";
import { join } from "node:path";
import { loadTensors, saveTensors } from "../lib/tensor_file.ts";

const content = {
  header: { format: "test", third: 1 / 3 },
  tensors: new Map([["a/kernel", Float32Array.of(1, -0, 1e-40, NaN)], ["b", new Float32Array(0)], [
    "c",
    Float32Array.of(3),
  ]]),
};

async function withFile(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(join(folder, "deep", "x.tensors"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what was written is read bit for bit, and the same content gives the same bytes", () =>
  withFile(async (path) => {
    await saveTensors(path, content);
    const bytes = await Deno.readFile(path);
    const { header, tensors } = await loadTensors(path);
    assert.deepEqual(header, content.header);
    assert.deepEqual([...tensors], [...content.tensors]);
    assert.ok(Object.is(tensors.get("a/kernel")![1], -0));
    await saveTensors(path, content);
    assert.deepEqual(await Deno.readFile(path), bytes);
  }));

Deno.test("a file cut at any length, or with any byte flipped, is refused", () =>
  withFile(async (path) => {
    await saveTensors(path, content);
    const bytes = await Deno.readFile(path);
    const damaged = Array.from(bytes, (_, at) => [
      bytes.slice(0, at),
      bytes.map((byte, i) => (i === at ? byte ^ 0x10 : byte)),
    ]).flat();
    for (const wrong of damaged) {
      await Deno.writeFile(path, wrong);
      await assert.rejects(loadTensors(path), { name: "SyntaxError", message: /x\.tensors: .*Delete it/ });
    }
  }));

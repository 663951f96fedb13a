import assert from "node:assert/strict";
import { join } from "node:path";
import { sha256 } from "../../lib/support/digest.ts";
import { loadTensors, saveTensors } from "../../lib/support/tensor_file.ts";

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

Deno.test("the file is what its description says: magic, index, little-endian float32, digest", () =>
  withFile(async (path) => {
    await saveTensors(path, { header: 7, tensors: new Map([["x", Float32Array.of(1, 2)]]) });
    const bytes = await Deno.readFile(path);
    const length = new DataView(bytes.buffer).getUint32(8, true);
    assert.equal(new TextDecoder().decode(bytes.subarray(0, 8)), "HAMTENS1");
    const index = new TextDecoder().decode(bytes.subarray(12, 12 + length));
    assert.deepEqual(JSON.parse(index), { header: 7, tensors: [{ name: "x", length: 2 }] });
    assert.equal((12 + length) % 4, 0);
    assert.deepEqual([...bytes.subarray(12 + length, -32)], [0, 0, 128, 63, 0, 0, 0, 64]);
    assert.equal(bytes.subarray(-32).toHex(), sha256(bytes.subarray(0, -32)));
  }));

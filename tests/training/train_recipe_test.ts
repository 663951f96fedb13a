import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { engine } from "../../lib/support/engine/engine.ts";

const ignore = engine.name === "wasm";
const program = fileURLToPath(new URL("./recipe_program.ts", import.meta.url));

async function train(folder: string, killAfter = 0) {
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", program, folder, `${killAfter}`],
  }).output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (killAfter > 0) {
    assert.equal(signal, "SIGKILL", errors);
    return null;
  }
  assert.equal(code, 0, errors);
  return { ...JSON.parse(out), errors };
}

Deno.test({
  name: "killed in the first stage, between two stages and in the second, a recipe ends with the same bits",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const { steps: all, ...unbroken } = await train(join(folder, "unbroken"));
      assert.deepEqual(unbroken.history.map(({ depth }: { depth: string }) => depth), [
        "head",
        "head",
        "block5",
        "block5",
      ]);
      const broken = join(folder, "broken");
      for (const killAfter of [2, 5, 3]) await train(broken, killAfter); // of 6 and 6 steps
      const { steps, ...result } = await train(broken);
      assert.deepEqual(result, unbroken);
      assert.ok(steps < all, `${steps} of ${all} steps in the last sitting`);
      const again = await train(broken);
      assert.equal(again!.steps, 0, "what is done is not trained again");
      assert.equal(again!.weights, unbroken.weights);
      const files = Array.from(Deno.readDirSync(broken), ({ name }) => name).sort();
      assert.match(
        files.join(),
        /^block5-[0-9a-f]{12}\.tensors,head-[0-9a-f]{12}\.tensors$/,
        "no checkpoint is left",
      );

      // a damaged stage is told and trained again
      const path = join(broken, files[0]);
      const bytes = await Deno.readFile(path);
      bytes[bytes.length >> 1] ^= 1;
      await Deno.writeFile(path, bytes);
      const mended = await train(broken);
      assert.equal(mended!.weights, unbroken.weights);
      assert.match(mended!.errors, /finished stage cannot be used and is trained again.*SHA-256/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

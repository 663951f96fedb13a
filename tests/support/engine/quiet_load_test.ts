import assert from "node:assert/strict";
import { join } from "node:path";
import { findCompiler } from "../../../lib/support/engine/addon.ts";

const compiler = findCompiler();
const module = import.meta.resolve("../../../lib/support/engine/quiet_load.ts");

/** Loads, in a process of its own, a library that says the line while it loads; returns standard error. */
async function whatIsHeard(folder: string, line: string): Promise<string> {
  const lib = join(folder, "deps", "lib");
  await Deno.mkdir(lib, { recursive: true });
  const source = join(folder, "speaks.c");
  const code = `#include <unistd.h>\n__attribute__((constructor)) static void speak(void) {` +
    ` if (write(2, ${JSON.stringify(line)}, ${line.length})) {} }\n`;
  await Deno.writeTextFile(source, code);
  const target = join(lib, "libtensorflow_framework.so.2");
  const compiled = await new Deno.Command(compiler!, { args: ["-shared", "-fPIC", "-o", target, source] })
    .output();
  assert.ok(compiled.success, new TextDecoder().decode(compiled.stderr));
  const program = `const { loadQuietly } = await import(${JSON.stringify(module)});` +
    `loadQuietly(${JSON.stringify(folder)}); console.error("afterwards");`;
  const output = await new Deno.Command(Deno.execPath(), { args: ["eval", program] }).output();
  return new TextDecoder().decode(output.stderr);
}

Deno.test({
  name:
    "TensorFlow's greeting is kept off standard error; an error passes, and so does what comes afterwards",
  ignore: Deno.build.os !== "linux" || compiler === null,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const greeting =
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n" +
        "I0000 00:00:1.0 1 port.cc:153] oneDNN custom operations are on. You may see slightly different\n";
      assert.equal(await whatIsHeard(folder, greeting), "afterwards\n");
      const error = "E0000 00:00:1.0 1 cpu.cc:1] illegal setting\n";
      assert.equal(await whatIsHeard(folder, greeting + error), `${error}afterwards\n`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("where the library is missing nothing happens", async () => {
  const { loadQuietly } = await import("../../../lib/support/engine/quiet_load.ts");
  loadQuietly("no-such-folder");
});

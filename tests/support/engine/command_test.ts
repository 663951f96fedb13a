import assert from "node:assert/strict";
import { join } from "node:path";
import { findProgram, runCommand } from "../../../lib/support/engine/command.ts";

const deno = Deno.execPath();

Deno.test("a program's output comes back", async () => {
  assert.equal(await runCommand(deno, ["eval", "console.log('done')"], { step: "trying" }), "done\n");
});

Deno.test("a failure says which step, which end and the program's last words, without a call stack", async () => {
  const code = "function deep() { throw new Error('disk full') } deep()";
  await assert.rejects(runCommand(deno, ["eval", code], { step: "unpacking" }), (error: Error) => {
    assert.match(error.message, /^unpacking: deno(\.exe)? ended with code 1: .*disk full/);
    assert.doesNotMatch(error.message, /\bat deep/);
    return true;
  });
  await assert.rejects(
    runCommand("no-such-program", [], { step: "unpacking" }),
    /unpacking: no-such-program cannot be started/,
  );
});

Deno.test("growth of the folder is told, and standing still ends the program", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = JSON.stringify(join(folder, "part"));
    const code = `Deno.writeFileSync(${file}, new Uint8Array(3e6)); setTimeout(() => {}, 60_000)`;
    const lines: string[] = [];
    const started = performance.now();
    const run = runCommand(deno, ["eval", code], {
      step: "downloading",
      grows: folder,
      patience: 1,
      onProgress: (line) => lines.push(line),
    });
    await assert.rejects(run, /downloading: deno(\.exe)? stood still for 1 s/);
    assert.ok(performance.now() - started < 20_000);
    assert.match(lines.join(), /^downloading: 3 MB, \d+ s/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("programs are found on the search path in the order of the names", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const ending = Deno.build.os === "windows" ? ".exe" : "";
    await Deno.writeTextFile(join(folder, `clang++${ending}`), "");
    await Deno.mkdir(join(folder, `g++${ending}`)); // a folder is no program
    assert.equal(findProgram(["g++", "clang++"], folder), join(folder, `clang++${ending}`));
    assert.equal(findProgram(["g++"], folder), null);
    assert.equal(findProgram(["g++"], ""), null);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { findProgram, runCommand } from "../../../lib/support/engine/command.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const deno = Deno.execPath();

Deno.test("a program's output comes back", async () => {
  assert.equal(await runCommand(deno, ["eval", "console.log('done')"], { step: "trying" }), "done\n");
});

Deno.test("a failure names the step, the exit code and the program's last output, without a stack trace", async () => {
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

Deno.test("the folder's growth is reported, and a stalled program is stopped", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const program = 'sleep 0.2; head -c 3000000 /dev/zero > "$0"; exec sleep 600'; // starts at once, also on a loaded machine
  const lines: string[] = [];
  const run = runCommand("sh", ["-c", program, join(folder, "part")], {
    step: "downloading",
    grows: folder,
    patience: 1,
    onProgress: (line) => lines.push(line),
  });
  await assert.rejects(run, /downloading: sh stood still for 1 s/);
  assert.match(lines.join(), /downloading: 3 MB, \d+ s/);
});

Deno.test("the first program that can be started is found", () => {
  assert.equal(findProgram(["no-such-program", deno, "also-none"]), deno);
  assert.equal(findProgram(["no-such-program"]), null);
});

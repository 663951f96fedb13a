import assert from "node:assert/strict";
import { createConfig } from "../../lib/config.ts";

Deno.test("two runs in one folder: the second waits, says so, and starts when the first has ended or died", async () => {
  const out = await Deno.makeTempDir();
  const config = JSON.stringify(createConfig({ preset: "smoke", out }));
  const lock = JSON.stringify(new URL("../../lib/tasks/lock.ts", import.meta.url).href);
  const start = (work: string) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { lockRun } from ${lock}; using _ = await lockRun(${config}); console.log("in"); ${work}`,
      ],
      stdout: "piped",
    }).spawn();
  try {
    const first = start("await new Promise((resolve) => setTimeout(resolve, 60_000));");
    const reader = first.stdout.getReader();
    await reader.read(); // it has the lock
    const second = start("");
    await new Promise((resolve) => setTimeout(resolve, 1500)); // long enough to find the lock taken
    first.kill("SIGKILL");
    const output = new TextDecoder().decode((await second.output()).stdout);
    assert.match(output, /Another run works in .*waiting.*\nin/);
    await first.status;
    await reader.cancel();
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

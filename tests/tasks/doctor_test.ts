import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../lib/support/project.ts";
import { cpuInstructions } from "../../lib/support/engine/engine_choice.ts";
import { bitsDigest, engineOf } from "../../lib/support/engine/expected_engine.ts";
import { checkDeno, checkPackages } from "../../lib/tasks/doctor.ts";
import { table } from "../../lib/tasks/finding.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { runDeno } from "../support/run_deno.ts";

Deno.test("a Deno that reports failing cells as passed is refused", () => {
  for (const version of ["2.9.1", "2.9.6", "2.10.0", "3.0.0", "2.9.1-rc.1"]) {
    assert.equal(checkDeno(version).status, "ok", version);
  }
  for (const version of ["2.9.0", "2.8.3", "1.46.3"]) {
    assert.equal(checkDeno(version).status, "broken", version);
    assert.equal(checkDeno(version).todo, "deno upgrade");
  }
  assert.equal(
    checkDeno("2.5.6").text,
    "This project needs Deno 2.9.1 or newer. Update it with `deno upgrade`, or with what installed it. Received: Deno 2.5.6",
  );
});

Deno.test("each task checks Deno's version before anything else, and continues with this one", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(projectRoot, "deno.json")));
  const first = "deno run --no-config --no-lock lib/tasks/deno_version.ts";
  for (const [name, { command }] of Object.entries<{ command: string }>(tasks)) {
    assert.ok(command.startsWith(`${first} && `), name);
  }
  const { code, err } = await runDeno(first.split(" ").slice(1), { cwd: projectRoot });
  assert.deepEqual([code, err], [0, ""]);
});

Deno.test("a package that is missing or of another version is named", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const installed = join(folder, "node_modules", "@scope", "b");
  await Deno.mkdir(installed, { recursive: true });
  await Deno.writeTextFile(join(installed, "package.json"), '{"version": "2.0.1"}');
  assert.equal((await checkPackages(folder, { "@scope/b": "2.0.1" })).status, "ok");
  const wrong = await checkPackages(folder, { a: "1.0.0", "@scope/b": "2.0.0" });
  assert.equal(wrong.status, "broken");
  assert.equal(wrong.text, "a missing (1.0.0 is asked for), @scope/b 2.0.1 (2.0.0 is asked for)");
});

Deno.test("the table is aligned, with what to do under each finding", () => {
  const text = table([
    { status: "ok", subject: "Deno", text: "2.9.6" },
    { status: "note", subject: "engine", text: "none\nfor a reason", todo: "mend it" },
  ]);
  assert.equal(
    text,
    "ok      Deno    2.9.6\nnote    engine  none\n                for a reason\n                → mend it",
  );
});

Deno.test("the digest for bit-identical results changes with engine, threads and processor", () => {
  const installed = { tensorflow: "2.21.0", tfjs: "4.22.0" };
  const choice = { oneDnn: true, threads: 2 };
  const digest = (engine: ReturnType<typeof engineOf>, instructions = "avx avx2") =>
    bitsDigest({ engine, instructions });
  const own = digest(engineOf(installed, choice));
  assert.equal(digest(engineOf({ ...installed }, choice)), own);
  assert.match(own, /^[0-9a-f]{12}$/);
  const others = [
    digest(engineOf({ ...installed, tensorflow: "2.22.0" }, choice)),
    digest(engineOf(installed, { ...choice, threads: 3 })),
    digest(engineOf(installed, { ...choice, oneDnn: false })),
    digest(engineOf(null, choice)),
    digest(engineOf(installed, choice), "avx avx2 avx512f"),
  ];
  assert.equal(new Set([own, ...others]).size, 6);
  const flags = "fpu sse4_2 fma avx2 avx rdrand amx_tile avx512f";
  assert.equal(cpuInstructions(flags, undefined), "amx_tile avx avx2 avx512f fma");
  assert.equal(cpuInstructions(flags, "AVX2"), cpuInstructions("fma avx avx2 avx_vnni", "AVX2"));
  assert.equal(cpuInstructions(flags, "AVX2"), "avx avx2 fma");
  assert.equal(cpuInstructions("avx avx2", "SSE41"), "avx avx2 (at most SSE41)");
});

Deno.test("the doctor runs, and reports an invalid setting as broken instead of crashing", async () => {
  const args = ["run", "--no-prompt", "-P=doctor", "lib/tasks/doctor.ts"];
  const run = (env: Record<string, string>) =>
    runDeno(args, { cwd: projectRoot, env: { ...env, NO_COLOR: "1" } });
  const wasm = await run({ HAM10000_ENGINE: "wasm" });
  assert.equal(wasm.code, 0);
  assert.match(wasm.out, /^ok +bits +[0-9a-f]{12} \(WebAssembly/m);
  assert.match(wasm.out, /note {4}engine .*WebAssembly[^]*speed .*images a second.*WebAssembly/);
  for (const subject of ["packages", "settings", "kernel", "disk", "memory"]) {
    assert.match(wasm.out, new RegExp(`^(ok|note) +${subject} `, "m"));
  }
  assert.match(wasm.out, /^(ok|note) +gpu /m);
  const none = await run({ HAM10000_ENGINE: "webgpu", VK_DRIVER_FILES: "/no", VK_ICD_FILENAMES: "/no" });
  if (Deno.build.os === "linux") {
    assert.equal(none.code, 1);
    assert.match(
      none.out,
      /^broken {2}gpu +no adapter, but WebGPU is to compute\n +→ .*mesa-vulkan-drivers/m,
    );
  }
  const wrong = await run({ HAM10000_ENGINE: "abacus" });
  assert.equal(wrong.code, 1);
  assert.match(wrong.out, /broken {2}settings .*Received: abacus/);
});

/** A lock that several processes, and machines on one disk, want: one has it at a time, and none keeps it by dying. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { lockWork, type Owner, takeLock, tryLock } from "../../lib/support/lock.ts";
import { inFolder } from "./temporary_folder.ts";

const module = JSON.stringify(new URL("../../lib/support/lock.ts", import.meta.url).href);

/** Starts a program that can take the lock at `path`. */
function start(path: string, work: string) {
  const program = `import { takeLock } from ${module}; const path = ${JSON.stringify(path)}; ${work}`;
  return new Deno.Command(Deno.execPath(), { args: ["eval", program], stdout: "piped" }).spawn();
}

async function textOf(child: Deno.ChildProcess): Promise<string> {
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout);
}

/** A lock as another process has left it. */
async function plant(path: string, owner: Partial<Owner>): Promise<void> {
  const whole = { host: "elsewhere", pid: 1, token: crypto.randomUUID(), ...owner };
  await Deno.writeTextFile(path, JSON.stringify(whole));
}

/** A process that is no more. */
async function deadProcess(): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
  await child.status;
  return child.pid;
}

const ownerOf = (taken: ReturnType<typeof tryLock>) => "owner" in taken ? taken.owner : null;

Deno.test("four processes with a shared counter take turns, even if a dead process left its lock", () =>
  inFolder(async (folder) => {
    const path = join(folder, "locks", "count");
    await Deno.mkdir(join(folder, "locks"));
    await Deno.writeTextFile(join(folder, "count"), "0");
    await plant(path, { host: Deno.hostname(), pid: await deadProcess() });
    const work = `const file = ${JSON.stringify(join(folder, "count"))};
      for (let i = 0; i < 10; i++) {
        using _ = await takeLock(path);
        const count = Number(await Deno.readTextFile(file));
        await new Promise((resolve) => setTimeout(resolve, 2));
        await Deno.writeTextFile(file, String(count + 1));
      }`;
    const children = [1, 2, 3, 4].map(() => start(path, work));
    await Promise.all(children.map(textOf));
    assert.equal(await Deno.readTextFile(join(folder, "count")), "40");
    assert.deepEqual([...Deno.readDirSync(join(folder, "locks"))], [], "nothing is left");
  }));

Deno.test("a waiting process is told the owner once and takes the lock when the owner is killed", () =>
  inFolder(async (folder) => {
    const path = join(folder, "lock");
    const child = start(
      path,
      `await takeLock(path); console.log("in"); await new Promise((r) => setTimeout(r, 60_000));`,
    );
    const reader = child.stdout.getReader();
    await reader.read(); // it has the lock
    const told: Owner[] = [];
    const taking = takeLock(path, {
      onWait(owner) {
        told.push(owner);
        setTimeout(() => child.kill("SIGKILL"), 700);
      },
    });
    using lock = await taking;
    assert.deepEqual(told.map(({ host, pid }) => [host, pid]), [[Deno.hostname(), child.pid]]);
    assert.equal(lock.path, path);
    await Promise.all([child.status, reader.cancel()]);
  }));

Deno.test("an owner on another host counts as dead only after the silence limit; a heartbeat keeps it alive", () =>
  inFolder(async (folder) => {
    const path = join(folder, "lock");
    await plant(path, {});
    const silence = 20;
    assert.equal(ownerOf(tryLock(path, { silence }))?.host, "elsewhere");
    const ago = (seconds: number) =>
      Deno.utime(path, Date.now() / 1000 - seconds, Date.now() / 1000 - seconds);
    await ago(silence - 10);
    assert.equal(ownerOf(tryLock(path, { silence }))?.host, "elsewhere");
    await ago(silence + 10);
    using taken = tryLock(path, { silence }) as Disposable & ReturnType<typeof tryLock>;
    assert.equal(ownerOf(taken), null);
    const own = JSON.parse(await Deno.readTextFile(path));
    assert.deepEqual([own.host, own.pid], [Deno.hostname(), Deno.pid]);
  }));

Deno.test("an owner sends heartbeats as long as it holds the lock", () =>
  inFolder(async (folder) => {
    const path = join(folder, "lock");
    const written = async () => (await Deno.stat(path)).mtime!.getTime();
    const lock = await takeLock(path, { beat: 0.05 });
    await Deno.utime(path, 1000, 1000);
    const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    for (let waited = 0; await written() === 1_000_000; waited++) {
      assert.ok(waited < 200, "no heartbeat in 10 s");
      await wait(50);
    }
    lock[Symbol.dispose]();
    await wait(100);
    await assert.rejects(written(), Deno.errors.NotFound);
  }));

Deno.test("waiting can be aborted", () =>
  inFolder(async (folder) => {
    using _ = await takeLock(join(folder, "lock"));
    const signal = AbortSignal.timeout(50);
    await assert.rejects(takeLock(join(folder, "lock"), { signal }), { name: "TimeoutError" });
  }));

Deno.test("a program that exits releases its locks", () =>
  inFolder(async (folder) => {
    const path = join(folder, "lock");
    assert.equal((await start(path, "await takeLock(path); Deno.exit(3)").output()).code, 3);
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  }));

Deno.test("an owner mistaken for dead does not release the lock that another process has taken since", () =>
  inFolder(async (folder) => {
    const path = join(folder, "lock");
    const first = await takeLock(path);
    await plant(path, {}); // what another process has in its place
    first[Symbol.dispose]();
    assert.equal(JSON.parse(await Deno.readTextFile(path)).host, "elsewhere");
  }));

Deno.test("a lock with unreadable content counts as held until its silence limit has passed", () =>
  inFolder(async (folder) => {
    const path = join(folder, "lock");
    await Deno.writeTextFile(path, "");
    assert.equal(ownerOf(tryLock(path))?.pid, 0);
    await Deno.utime(path, 1000, 1000);
    using taken = tryLock(path) as Disposable & ReturnType<typeof tryLock>;
    assert.equal(ownerOf(taken), null);
  }));

Deno.test("an abandoned right to take over a dead owner's lock expires", () =>
  inFolder(async (folder) => {
    const dead = { host: Deno.hostname(), pid: await deadProcess(), token: "abc" };
    await plant(join(folder, "locks-key"), dead);
    const right = join(folder, "locks-key.abc.dead");
    await Deno.writeTextFile(right, "");
    await Deno.utime(right, 1000, 1000);
    using _ = await takeLock(join(folder, "locks-key"));
    assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["locks-key"]);
    using work = await lockWork({ folder }, "key");
    assert.equal(work.path, join(folder, "locks", "key"));
  }));

Deno.test("a waiting process takes a silent lock only after watching it: after sleep every owner seems silent", () =>
  inFolder(async (folder) => {
    const path = join(folder, "lock");
    await plant(path, { host: Deno.hostname(), pid: Deno.pid }); // an owner that lives
    await Deno.utime(path, 1000, 1000);
    setTimeout(() => Deno.utimeSync(path, new Date(), new Date()), 200); // it wakes up a moment later, and beats
    const options = { silence: 5, beat: 0.5, signal: AbortSignal.timeout(1200) };
    await assert.rejects(takeLock(path, options), { name: "TimeoutError" });
    await Deno.utime(path, 1000, 1000);
    using _ = await takeLock(path, { ...options, signal: undefined }); // silent, and watched for two beats
    assert.equal(JSON.parse(await Deno.readTextFile(path)).pid, Deno.pid);
  }));

Deno.test("while another process has the right to a dead owner's lock, waiting goes on and can be aborted", () =>
  inFolder(async (folder) => {
    await plant(join(folder, "lock"), { host: Deno.hostname(), pid: await deadProcess(), token: "abc" });
    await Deno.writeTextFile(join(folder, "lock.abc.dead"), "");
    const signal = AbortSignal.timeout(400);
    await assert.rejects(takeLock(join(folder, "lock"), { signal }), { name: "TimeoutError" });
  }));

/**
 * A lock that also works on a network disk: a file that only one process can create, with its owner and a heartbeat.
 *
 * The file appears complete, by a hard link from a finished file (atomic on NFS as well; no system file lock is used). Its owner
 * rewrites it every 15 s. On this host an owner is dead if its process is gone; on any host, after two minutes without a
 * heartbeat by the disk's own clock. A process that waits must also have watched half a minute of silence itself: after a machine
 * wakes up, every owner seems silent. Hosts that share a folder must have different names.
 *
 * A lock saves work and keeps log lines in order. No result depends on it: stored files are complete and named by their content.
 * If a live owner is mistaken for a dead one, it can go on without harm.
 */
import { dirname, join } from "node:path";
import process from "node:process";
import { temporaryName } from "./atomic.ts";
import { hostName } from "./host.ts";
import { progress } from "./progress.ts";
import { nullIfGone, storageError, unlessGone } from "./storage_error.ts";

/** The owner of a lock. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Identifies this one acquisition of the lock. */
  readonly token: string;
}

export interface Lock extends Disposable {
  readonly path: string;
}

export interface LockOptions {
  /** Called once, before waiting, with the owner of the lock. */
  readonly onWait?: (owner: Owner) => void;
  /** Ends the waiting when it is aborted; its reason is then thrown. */
  readonly signal?: AbortSignal;
  /** Seconds without a heartbeat after which any owner counts as dead. Default: 120. */
  readonly silence?: number;
  /** Seconds between heartbeats. Default: 15. */
  readonly beat?: number;
}

/** Seconds without a heartbeat after which the owner of a lock counts as dead, on any host. */
const longestSilence = 120;
const betweenBeats = 15;
const betweenTries = 0.3;

/**
 * Takes a lock; waits while a living process has it. Disposing of it (`using`) gives it back.
 *
 * @throws {StorageError} if its folder cannot be created or written to
 */
export async function takeLock(path: string, options: LockOptions = {}): Promise<Lock> {
  let told = false;
  const watch = new Watch();
  while (true) {
    const taken = attempt(path, options, watch);
    if (!("owner" in taken)) return taken;
    if (!told) options.onWait?.(taken.owner);
    told = true;
    options.signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 1000 * betweenTries));
  }
}

/** The lock, also if its owner is dead; else its living owner. Does not wait. @throws {StorageError} as `takeLock` */
export function tryLock(path: string, options: LockOptions = {}): Lock | { readonly owner: Owner } {
  return attempt(path, options, null);
}

/** Measures how long one lock has not changed, by a clock that stops while the machine sleeps. */
class Watch {
  #last = "";
  #since = 0;

  seconds({ owner, beaten }: Held): number {
    const seen = `${owner.token} ${beaten}`;
    if (seen !== this.#last) [this.#last, this.#since] = [seen, performance.now()];
    return (performance.now() - this.#since) / 1000;
  }
}

/** @param watch of the process that waits; null: nobody waits, and silence alone counts */
function attempt(path: string, options: LockOptions, watch: Watch | null): Lock | { readonly owner: Owner } {
  const { silence = longestSilence, beat = betweenBeats } = options;
  const own: Owner = { host: hostName(), pid: Deno.pid, token: crypto.randomUUID() };
  while (true) {
    const found = make(path, own);
    if (found === "made") return held(path, own, beat);
    if (found === "gone") continue; // given back just now
    const { owner, beaten, now } = found;
    const isGone = owner.host === own.host && !isRunning(owner.pid);
    const isSilent = now - beaten > 1000 * silence &&
      (watch === null || watch.seconds(found) > Math.min(2 * beat, silence));
    if (!isGone && !isSilent || !takeAway(path, found, silence)) return { owner };
  }
}

/**
 * Locks one piece of work, by its key in a store. After waiting, look into the store again: the other process may have finished
 * it.
 *
 * @param key of an entry or a unit, or another word of letters and digits
 */
export async function lockWork(
  { folder }: { folder: string },
  key: string,
  options: LockOptions = {},
): Promise<Lock> {
  let ended = () => {};
  const lock = await takeLock(join(folder, "locks", key), {
    onWait({ host, pid }) { // a line of progress leaves no trace in a notebook
      const report = progress(`Waiting for process ${pid} on ${host}, which computes the same`);
      report(0, 1);
      ended = () => report(1, 1);
    },
    ...options,
  });
  ended();
  return lock;
}

/** Whether a process with this id runs on this host. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH"; // EPERM: another user's; no permission to ask: assume so
  }
}

/** A taken lock: the time of its last heartbeat and the time now, in milliseconds by the clock of its disk. */
interface Held {
  readonly owner: Owner;
  readonly beaten: number;
  readonly now: number;
}

/** Creates the lock's file. If another process has the lock, returns its owner. */
function make(path: string, own: Owner): "made" | "gone" | Held {
  const temporary = temporaryName(path);
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    Deno.writeTextFileSync(temporary, JSON.stringify(own), { createNew: true });
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch { /* the first error says more */ }
    throw storageError(path, error);
  }
  try {
    linkOrCreate(temporary, path, own);
    return "made";
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw storageError(path, error);
    if (Deno.statSync(temporary).nlink === 2) return "made"; // the link was made, only the disk's answer was lost
    try {
      const beaten = Deno.statSync(path).mtime!.getTime();
      const now = Deno.statSync(temporary).mtime!.getTime();
      return { owner: readOwner(path), beaten, now };
    } catch (error) {
      nullIfGone(error);
      return "gone";
    }
  } finally {
    unlessGone(() => Deno.removeSync(temporary));
  }
}

/** On disks without hard links the file is also created in one step, but its content follows a moment later. */
function linkOrCreate(temporary: string, path: string, own: Owner): void {
  try {
    Deno.linkSync(temporary, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw error;
    Deno.writeTextFileSync(path, JSON.stringify(own), { createNew: true });
  }
}

function held(path: string, own: Owner, beat: number): Lock {
  const isOurs = () => {
    try {
      return readOwner(path).token === own.token;
    } catch {
      return false;
    }
  };
  const timer = setInterval(() => {
    try {
      if (!isOurs()) return;
      using file = Deno.openSync(path, { write: true }); // not truncated: a reader always sees the owner
      file.writeSync(new TextEncoder().encode(JSON.stringify(own)));
    } catch { /* the disk cannot be reached: others see no heartbeat */ }
  }, 1000 * beat);
  Deno.unrefTimer(timer);
  const giveBack = () => {
    clearInterval(timer);
    globalThis.removeEventListener("unload", giveBack);
    if (isOurs()) unlessGone(() => Deno.removeSync(path));
  };
  globalThis.addEventListener("unload", giveBack); // `Deno.exit` disposes of nothing
  return { path, [Symbol.dispose]: giveBack };
}

/**
 * Removes the lock of a dead owner. Only the process that creates a file with the dead owner's token may do so. So none removes a
 * lock that another process has taken since.
 *
 * @returns whether this process could
 */
function takeAway(path: string, { owner: dead, now }: Held, silence: number): boolean {
  const right = `${path}.${dead.token}.dead`;
  try {
    Deno.writeTextFileSync(right, "", { createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw storageError(path, error);
    const made = (() => {
      try {
        return Deno.statSync(right).mtime!.getTime();
      } catch {
        return Infinity; // the file is gone, and so is the lock
      }
    })();
    if (now - made > 1000 * silence) unlessGone(() => Deno.removeSync(right)); // its maker died as well
    return false;
  }
  try {
    if (readOwner(path).token === dead.token) unlessGone(() => Deno.removeSync(path));
  } catch (error) {
    nullIfGone(error);
  } finally {
    unlessGone(() => Deno.removeSync(right));
  }
  return true;
}

/** The owner. If its file is just being written, it is unknown, and only its silence can show that it is dead. */
function readOwner(path: string): Owner {
  const text = Deno.readTextFileSync(path);
  try {
    const { host, pid, token } = JSON.parse(text);
    return { host: String(host), pid: Number(pid), token: String(token).replace(/[^\w-]/g, "") };
  } catch {
    return { host: "", pid: 0, token: "unknown" };
  }
}

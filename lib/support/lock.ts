/**
 * A lock that is right on a network disk, too: a file that only one process can make, with its owner inside and a heartbeat.
 *
 * It comes into being whole, by a hard link from a finished file (atomic on NFS as well; no file lock of the system is asked for).
 * Its owner writes to it every 15 s. An owner is dead where its process is gone, on this host; on any host after two minutes without
 * a heartbeat, both times told by the disk's own clock, of which who waits has watched half a minute itself: a machine that has just
 * woken up finds every owner silent. Hosts that share a folder must have different names.
 *
 * A lock spares work and orders lines of a log. No result rests on it: what is stored is whole and named by its content, so an owner
 * that was taken for dead and goes on does no harm.
 */
import { dirname, join } from "node:path";
import process from "node:process";
import { temporaryName } from "./atomic.ts";
import { hostName } from "./host.ts";
import { progress } from "./progress.ts";
import { nullIfGone, storageError, unlessGone } from "./storage_error.ts";

/** Whom a lock belongs to. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Of this one taking of the lock. */
  readonly token: string;
}

export interface Lock extends Disposable {
  readonly path: string;
}

export interface LockOptions {
  /** Told once that another process has the lock, before waiting for it. */
  readonly onWait?: (owner: Owner) => void;
  /** Ends the waiting where it is aborted; its reason is then thrown. */
  readonly signal?: AbortSignal;
  /** Seconds without a heartbeat after which any owner counts as dead. Default: 120. */
  readonly silence?: number;
  /** Seconds between heartbeats. Default: 15. */
  readonly beat?: number;
}

/** Seconds without a heartbeat after which the owner of a lock counts as dead, whatever its host. */
const longestSilence = 120;
const betweenBeats = 15;
const betweenTries = 0.3;

/**
 * Takes a lock; while a living process has it, waits. Disposing of it (`using`) gives it back.
 *
 * @throws {StorageError} when its folder cannot be made or written to
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

/** The lock, or who has it. That of a dead owner is taken. @throws {StorageError} as `takeLock` */
export function tryLock(path: string, options: LockOptions = {}): Lock | { readonly owner: Owner } {
  return attempt(path, options, null);
}

/** How long one lock has been as it is, by a clock that stands still while the machine sleeps. */
class Watch {
  #last = "";
  #since = 0;

  seconds({ owner, beaten }: Held): number {
    const seen = `${owner.token} ${beaten}`;
    if (seen !== this.#last) [this.#last, this.#since] = [seen, performance.now()];
    return (performance.now() - this.#since) / 1000;
  }
}

/** @param watch of who waits; null: nobody does, and silence alone counts */
function attempt(path: string, options: LockOptions, watch: Watch | null): Lock | { readonly owner: Owner } {
  const { silence = longestSilence, beat = betweenBeats } = options;
  const own: Owner = { host: hostName(), pid: Deno.pid, token: crypto.randomUUID() };
  while (true) {
    const found = make(path, own);
    if (found === "made") return held(path, own, beat);
    if (found === "gone") continue; // given back in this moment
    const { owner, beaten, now } = found;
    const isGone = owner.host === own.host && !isRunning(owner.pid);
    const isSilent = now - beaten > 1000 * silence &&
      (watch === null || watch.seconds(found) > Math.min(2 * beat, silence));
    if (!isGone && !isSilent || !takeAway(path, found, silence)) return { owner };
  }
}

/**
 * The lock of one piece of work, by its key in a store. Who has waited for it looks into the store again: it may be done.
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

/** Whether a process of this host is there. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH"; // EPERM: somebody else's; no permission to ask: nobody knows
  }
}

/** A lock that somebody has: the time of its last heartbeat and the time now, in milliseconds by the clock of its disk. */
interface Held {
  readonly owner: Owner;
  readonly beaten: number;
  readonly now: number;
}

/** Makes the lock's file; else says whose it is. */
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
    if (Deno.statSync(temporary).nlink === 2) return "made"; // the disk had done it, only its answer was lost
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

/** Disks without hard links make the file in one step, too; only its content comes a moment later. */
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
      using file = Deno.openSync(path, { write: true }); // never empty: who reads it now sees the owner
      file.writeSync(new TextEncoder().encode(JSON.stringify(own)));
    } catch { /* the disk is away: others see the silence */ }
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
 * Removes the lock of a dead owner. Of several processes that have found it dead one has the right to: who makes a file with the dead
 * one's token. So none of them removes the lock that another has taken since.
 *
 * @returns whether it was this one
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
        return Infinity; // gone: the lock is, too
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

/** An owner that cannot be read, as its file is just being written, is known by its silence alone. */
function readOwner(path: string): Owner {
  const text = Deno.readTextFileSync(path);
  try {
    const { host, pid, token } = JSON.parse(text);
    return { host: String(host), pid: Number(pid), token: String(token).replace(/[^\w-]/g, "") };
  } catch {
    return { host: "", pid: 0, token: "unknown" };
  }
}

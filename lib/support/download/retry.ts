/** Trying again where a fault may pass: a bounded number of times, with growing waits, for as long as a server asks. */

/** Why an attempt came to nothing although the next one may not. */
export interface Passing {
  readonly passing: string;
  /** Seconds that the server asks to wait. */
  readonly wait?: number;
  /** True where the attempt got on: the waits then begin anew. */
  readonly progress?: boolean;
}

export interface RetryOptions {
  /** Seconds before the 2nd, 3rd, … attempt; one attempt more than waits. Default 1, 2, 5, 10. */
  waits?: readonly number[];
  /** A server that asks for more seconds than this is asked again by the user, later. Default 300. */
  longestWait?: number;
  /** Told in one sentence of each fault. */
  onNotice?: (message: string) => void;
  /** Ends waiting and transfers. */
  signal?: AbortSignal;
}

/**
 * The first value that an attempt gives.
 *
 * @param options.giveUp makes the error for the last fault
 * @throws what an attempt throws, at once; what `giveUp` makes, after the last attempt; the signal's reason
 */
export async function persist<T>(
  attempt: () => Promise<{ value: T } | Passing>,
  options: RetryOptions & { giveUp: (reason: string) => Error },
): Promise<T> {
  const { waits = [1, 2, 5, 10], longestWait = 300, onNotice = () => {}, signal, giveUp } = options;
  for (let failures = 0;;) {
    signal?.throwIfAborted();
    const outcome = await attempt();
    if ("value" in outcome) return outcome.value;
    failures = outcome.progress ? 1 : failures + 1;
    if (failures > waits.length) throw giveUp(outcome.passing);
    const wait = outcome.wait ?? waits[failures - 1];
    if (wait > longestWait) {
      throw giveUp(`${outcome.passing}, and the server asks to wait ${Math.ceil(wait / 60)} minutes`);
    }
    onNotice(`${outcome.passing}; trying again in ${Math.ceil(wait)} s`);
    await pause(wait, signal);
  }
}

/**
 * Seconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date); undefined where there is none to read.
 *
 * @param now milliseconds since 1970
 */
export function retryAfter(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}

function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** One HTTP request, its answer sorted: usable, a fault that may pass, or a refusal that says what to do by hand. */
import { type Passing, retryAfter } from "./retry.ts";

export interface Address {
  /** As it is shown; an answer may come from where this redirects to. */
  readonly address: string;
  /** What to do where it cannot be had: whole sentences. */
  readonly byHand: string;
}

/** Answers that are worth another attempt. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Sends a request. A 2xx answer or one of `alsoGood` is the value; its body is not read yet.
 *
 * @param options.signal ends it: what `open` then throws is thrown on
 * @throws {Error} for any other answer, with the address, the server's own words and what to do by hand; `cause.status` is
 *   the answer's status
 */
export async function request(
  where: Address,
  open: () => Promise<Response>,
  options: { alsoGood?: readonly number[]; signal?: AbortSignal } = {},
): Promise<{ value: Response } | Passing> {
  let response: Response;
  try {
    response = await open();
  } catch (error) {
    if (options.signal?.aborted || !(error instanceof TypeError || isCut(error))) throw error;
    return { passing: `${where.address}: no answer (${reasonOf(error)})` };
  }
  if (response.ok || options.alsoGood?.includes(response.status)) return { value: response };
  const status = `${response.status} ${response.statusText}`.trim();
  // A redirect may lead to an address signed for a minute or an hour: asking again gives a fresh one.
  if (passing.has(response.status) || (response.status === 403 && response.redirected)) {
    await response.body?.cancel();
    const wait = retryAfter(response.headers.get("retry-after"));
    return { passing: `${where.address}: the server answered ${status}`, wait };
  }
  const words = wordsOf(await response.text().catch(() => ""), response.headers.get("content-type") ?? "");
  throw new Error(
    `${where.address}: the server answered ${status}${words && ` ("${words}")`}. ${where.byHand}`,
    { cause: { status: response.status } },
  );
}

/** The status of a refusal that {@link request} threw; undefined for other errors. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error ? (error.cause as { status?: number } | undefined)?.status : undefined;
}

/** A network fault in a few words: its last cause, which names it, as `dns error: …` or `tcp connect error: …`. */
export function reasonOf(error: unknown): string {
  let last = error;
  while (last instanceof Error && last.cause instanceof Error) last = last.cause;
  const message = last instanceof Error ? last.message : String(last);
  return message.replace(/^.*?error sending request .*?url \([^)]*\): /, "").replace(
    /^client error \([^)]*\): /,
    "",
  )
    .slice(0, 200);
}

function isCut(error: unknown): boolean {
  return error instanceof Deno.errors.Http || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.TimedOut || (error as Error)?.name === "TimeoutError";
}

/** What a server says in JSON's `message` or in plain text; a page of HTML says nothing here. */
function wordsOf(body: string, type: string): string {
  try {
    return String(JSON.parse(body).message ?? "").slice(0, 300);
  } catch {
    return type.startsWith("text/plain") ? body.replace(/\s+/g, " ").trim().slice(0, 200) : "";
  }
}

/** Work on many items, a few at the same time. */

/** Runs `work` on every item, `limit` at a time. After the first error no other item is started, and the error is thrown. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    try {
      while (next < items.length) await work(items[next++]);
    } finally {
      next = items.length;
    }
  };
  const results = await Promise.allSettled(Array.from({ length: limit }, worker));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

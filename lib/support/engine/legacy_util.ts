/** Gives `node:util` the function that tfjs-node 4.22.0 still calls and that Node 23 and Deno no longer have. */
import util from "node:util";

const legacy = util as unknown as Record<string, unknown>;
legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;

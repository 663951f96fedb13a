/** The older place of part of forward.ts, for what still imports it. */
export * from "./forward.ts";

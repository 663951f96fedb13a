/** A configuration from a JSON file: every constant of a run, not only those that have a flag. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type ConfigOptions, createConfig } from "../config.ts";

const paths = ["data", "metadata", "weights", "out"];

/**
 * Reads `--config FILE`: one JSON object with fields of `Config` (lib/config.ts), such as `{ "epochs": 3 }`. Fields that are
 * left out follow from the preset; `createConfig` checks the values. Paths in it start at its own folder.
 *
 * @throws {RangeError} when the file cannot be read or parsed, or has a field that no configuration has
 */
export function readConfigFile(path: string): ConfigOptions {
  let options: unknown;
  try {
    options = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new RangeError(`--config ${path}: expected a JSON file. Received: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new RangeError(`--config ${path}: expected one JSON object. Received: ${JSON.stringify(options)}`);
  }
  const known = Object.keys(createConfig({ preset: "smoke" }));
  const unknown = Object.keys(options).find((field) => !known.includes(field));
  if (unknown !== undefined) {
    throw new RangeError(
      `--config ${path}: expected fields out of ${known.join(", ")}. Received: ${JSON.stringify(unknown)}`,
    );
  }
  return Object.fromEntries(
    Object.entries(options).map(([field, value]) => [
      field,
      paths.includes(field) && typeof value === "string" ? resolve(dirname(path), value) : value,
    ]),
  );
}

/** `about.json`: what a model's folder holds, with the digest of every file. Without it the folder is no model. */
import { join } from "node:path";
import { digestOf } from "../../support/digest.ts";
import { sidesOf } from "../../image_size.ts";
import { medicalNotice, warningsOf } from "./notice.ts";
import type { ModelShape, Provenance } from "./trained_model.ts";

export type ModelFile = "model.json" | "weights.bin" | "model.h5";

export interface FileRecord {
  readonly bytes: number;
  readonly sha256: string;
}

export interface About extends ModelShape {
  readonly provenance: Provenance;
  readonly files: Readonly<Record<ModelFile, FileRecord>>;
}

const format = "vgg16-lesions-1";
const name = "about.json";

/** Its text; the digest at the end is that of all before it. */
export function aboutText({ size, scaling, classes, provenance, files }: About): string {
  const about = {
    format,
    notice: [medicalNotice, ...warningsOf(provenance)].join(" "),
    input: `photos of shape (n, ${sidesOf(size).join(", ")}, 3), RGB, 0–255; scaling is part of the model`,
    output: `probabilities of shape (n, ${classes.length}), in the order of the classes`,
    ...{ size, scaling, classes, provenance, files },
  };
  return JSON.stringify({ ...about, digest: digestOf(about) }, null, 2) + "\n";
}

/** Whether a folder holds a model, whole or damaged. */
export function hasModel(folder: string): Promise<boolean> {
  return Deno.stat(join(folder, name)).then(() => true, () => false);
}

/** @throws {SyntaxError} when there is none, or it was changed or is of another kind; the message says what to do */
export async function readAbout(folder: string): Promise<About> {
  const path = join(folder, name);
  const refuse = (reason: string): never => {
    throw new SyntaxError(`${path}: ${reason}. Train again, or give the folder of another model (--model)`);
  };
  const text = await Deno.readTextFile(path).catch(async (error) => {
    const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => null);
    const found = entries?.map((entry) => entry.name).sort().slice(0, 5).join(", ");
    const here = entries === null ? "no such folder" : `a folder with ${found || "nothing in it"}`;
    return refuse(
      error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory
        ? `there is no model that this project saved. Received: ${here}`
        : `it cannot be read. Received: ${(error as Error).message}`,
    );
  });
  const { digest, ...about } = parse(text) ?? refuse("cut short or changed: it is no JSON");
  if (about.format !== format) {
    return refuse(`its format must be "${format}". Received: ${JSON.stringify(about.format) ?? "none"}`);
  }
  if (digest !== digestOf(about)) return refuse("changed: its digest does not fit what comes before it");
  return about as unknown as About;
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

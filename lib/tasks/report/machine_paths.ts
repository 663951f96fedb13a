/** Keeps the paths of this machine out of what is shown to others: a failed cell's traceback is full of them. */
import { homedir } from "node:os";
import { projectRoot } from "../../support/project.ts";

/** A copy of any JSON value in whose texts the project's folder is left out, and the home folder is `~`. */
export function withoutMachinePaths<T>(value: T, places = { root: projectRoot, home: homedir() }): T {
  const root = places.root.replace(/\/$/, "");
  const clean = (text: string) => {
    const inside = text.replaceAll(`file://${root}/`, "").replaceAll(`${root}/`, "").replaceAll(root, ".");
    return places.home.length > 1 ? inside.replace(folder(places.home), "~") : inside;
  };
  const walk = (item: unknown): unknown => {
    if (typeof item === "string") return clean(item);
    if (Array.isArray(item)) return item.map(walk);
    if (item === null || typeof item !== "object") return item;
    return Object.fromEntries(Object.entries(item).map(([key, part]) => [key, walk(part)]));
  };
  return walk(value) as T;
}

/** The folder as a whole name, so that /root is not found in /roots; with the `file://` before it. */
function folder(path: string): RegExp {
  const escaped = path.replace(/\/$/, "").replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`(?:file://)?${escaped}(?=[/\\\\\\s"':)]|$)`, "g");
}

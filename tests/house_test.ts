/** The layers that lib/README.md describes: which folder may import from which, and that no imports are circular. */
import assert from "node:assert/strict";
import { glob } from "node:fs/promises";
import { dirname, join } from "node:path";
import { projectRoot } from "../lib/support/project.ts";

/** From the lowest layer up: a folder imports from itself and from those before it. Files directly in lib are layers of their own. */
const rooms = [
  "support",
  "image_size.ts",
  "recipe.ts",
  "columns.ts",
  "metadata_file.ts",
  "config.ts",
  "notebook_config.ts",
  "data",
  "evaluation",
  "model",
  "training",
  "experiment",
  "figures",
  "mod.ts",
  "tasks",
];

const lib = join(projectRoot, "lib");

/** Relative imports of each file of lib, with their lines, as paths from lib. */
async function importsOfLib(): Promise<Map<string, { file: string; line: number; type: boolean }[]>> {
  const found = new Map<string, { file: string; line: number; type: boolean }[]>();
  for await (const path of glob("**/*.ts", { cwd: lib })) {
    const text = await Deno.readTextFile(join(lib, path));
    const imports = [
      ...text.matchAll(
        /^\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/gms,
      ),
    ];
    found.set(
      path,
      imports.map((match) => ({
        file: join(dirname(path), match[2] ?? match[3]),
        line: text.slice(0, match.index! + match[0].length).split("\n").length,
        type: match[1] !== undefined,
      })),
    );
  }
  return found;
}

const roomOf = (file: string) => file.split("/")[0];

Deno.test("each folder of lib imports only from itself and from the layers below it", async () => {
  const wrong: string[] = [];
  for (const [file, imports] of await importsOfLib()) {
    const place = rooms.indexOf(roomOf(file));
    assert.ok(
      place >= 0,
      `${file}: lib has no folder or file ${roomOf(file)}; name it in this test and in lib/README.md`,
    );
    for (const { file: imported, line } of imports) {
      if (rooms.indexOf(roomOf(imported)) > place) wrong.push(`lib/${file}:${line} imports ${imported}`);
    }
  }
  assert.deepEqual(wrong, [], `These imports point upwards:\n${wrong.join("\n")}`);
});

Deno.test("lib has no circular imports", async () => {
  const imports = await importsOfLib();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    assert.ok(at < 0, `A circle of imports: ${[...path.slice(at), file].join(" → ")}`);
    if (done.has(file)) return;
    for (const { file: imported } of imports.get(file) ?? []) visit(imported, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
});

Deno.test("a notebook imports only lib/mod.ts", async () => {
  for await (const { name } of Deno.readDir(join(projectRoot, "notebooks"))) {
    if (!name.endsWith(".ipynb")) continue;
    const { cells } = JSON.parse(await Deno.readTextFile(join(projectRoot, "notebooks", name)));
    const code: string[] = cells.filter((cell: { cell_type: string }) => cell.cell_type === "code")
      .map((cell: { source: string[] }) => cell.source.join(""));
    const from = [...code.join("\n").matchAll(/from "([^"]+)"/g)].map(([, module]) => module);
    assert.deepEqual(from, ["../lib/mod.ts"], name);
  }
});

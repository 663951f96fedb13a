/**
 * `deno task doctor`: says which engine computes here, why, how fast, and what to do about whatever is not right.
 * `deno task doctor --repair` first sets the native engine up, or again where it is damaged.
 * Exit code 0, or 1 where something needed is broken.
 */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../support/project.ts";
import { findProgram } from "../support/engine/command.ts";
import { describeSettings, diagnoseEngine, type Finding } from "../support/engine/diagnosis.ts";
import { readEngineChoice } from "../support/engine/engine_choice.ts";
import { ensureEngine } from "../support/engine/install.ts";

/** The table as text: status, subject, finding; below it, indented, what to do. */
export function table(findings: Finding[]): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  return findings.map(({ status, subject, text, todo }) => {
    const lines = text.split("\n").map((line) => line.trim());
    if (todo) lines.push(`→ ${todo}`);
    return `${status.padEnd(6)}  ${subject.padEnd(width)}  ${lines.join("\n" + " ".repeat(width + 10))}`;
  }).join("\n");
}

/** Checks Deno's version against the least one that reports failing notebook cells. */
export function checkDeno(version: string): Finding {
  const [major, minor, patch] = version.split(/[.-]/).map(Number);
  const enough = major > 2 || (major === 2 && (minor > 9 || (minor === 9 && patch >= 1)));
  if (enough) return { status: "ok", subject: "Deno", text: version };
  const text = `${version}: before 2.9.1 a failing notebook cell passes unnoticed`;
  return { status: "broken", subject: "Deno", text, todo: "deno upgrade" };
}

/** Checks that every npm package of deno.json is in node_modules, in its version. */
export async function checkPackages(root: string): Promise<Finding[]> {
  const { imports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const pins = Object.values(imports as Record<string, string>).flatMap((target) => {
    const match = /^npm:((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(target);
    return match ? [[match[1], match[2]]] : [];
  });
  const wrong: string[] = [];
  for (const [name, version] of new Map(pins as [string, string][])) {
    const text = await Deno.readTextFile(join(root, "node_modules", name, "package.json")).catch(() => null);
    const here = text === null ? "missing" : JSON.parse(text).version;
    if (here !== version) wrong.push(`${name} ${here} (${version} is asked for)`);
  }
  const subject = "packages";
  if (wrong.length === 0) return [{ status: "ok", subject, text: "all of deno.json's in node_modules" }];
  return [{ status: "broken", subject, text: wrong.join(", "), todo: "deno install" }];
}

/** Looks for Deno's kernel where Jupyter looks. Only front ends need it: reproduce drives the kernel itself. */
async function checkKernel(): Promise<Finding[]> {
  const subject = "kernel";
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? "";
  const data = Deno.env.get("JUPYTER_DATA_DIR");
  const folders = [
    ...(Deno.env.get("JUPYTER_PATH") ?? "").split(Deno.build.os === "windows" ? ";" : ":"),
    data ?? {
      darwin: join(home, "Library", "Jupyter"),
      windows: join(Deno.env.get("APPDATA") ?? home, "jupyter"),
    }[Deno.build.os as string] ??
      join(Deno.env.get("XDG_DATA_HOME") ?? join(home, ".local", "share"), "jupyter"),
    ...["/usr/local/share/jupyter", "/usr/share/jupyter"],
  ];
  for (const folder of folders.filter(Boolean)) {
    const file = join(folder, "kernels", "deno", "kernel.json");
    const text = await Deno.readTextFile(file).catch(() => null);
    if (text === null) continue;
    const program = JSON.parse(text).argv?.[0] ?? "";
    const works = await exists(program) || findProgram([program]) !== null;
    if (works) return [{ status: "ok", subject, text: `Deno's kernel for Jupyter is installed (${folder})` }];
    const gone = `${file} starts ${program}, which is not there`;
    return [{ status: "note", subject, text: gone, todo: "deno jupyter --install --force" }];
  }
  const text = "Deno's kernel for Jupyter is not installed; only JupyterLab and the like need it";
  return [{ status: "note", subject, text, todo: "deno jupyter --install" }];
}

async function checkRoom(): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(projectRoot);
  const disk = (bavail * bsize) / 1e9;
  const { available, total } = Deno.systemMemoryInfo();
  const memory = available / 1e9;
  return [
    disk >= 2 ? { status: "ok", subject: "disk", text: `${disk.toFixed(0)} GB free` } : {
      status: "note",
      subject: "disk",
      text: `${disk.toFixed(1)} GB free`,
      todo: "free 2 GB before a long run",
    },
    memory >= 2
      ? {
        status: "ok",
        subject: "memory",
        text: `${memory.toFixed(0)} of ${(total / 1e9).toFixed(0)} GB available`,
      }
      : {
        status: "note",
        subject: "memory",
        text: `${memory.toFixed(1)} GB available`,
        todo: "close other programs",
      },
  ];
}

/** The check's finding, or its failure as one. */
async function guarded(subject: string, check: () => Promise<Finding[]>, todo: string): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [{ status: "broken", subject, text: (error as Error).message, todo }];
  }
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

async function repair(): Promise<Finding[]> {
  const installed = await ensureEngine({ thorough: true, retry: true });
  if (installed) return [{ status: "ok", subject: "repair", text: "the native engine is whole" }];
  return [{ status: "note", subject: "repair", text: "nothing to repair: WebAssembly computes" }];
}

if (import.meta.main) {
  const unset = "correct or unset that variable";
  const findings = [
    checkDeno(Deno.version.deno),
    ...await guarded("packages", () => checkPackages(projectRoot), "deno install"),
    ...await guarded("settings", () => Promise.resolve([describeSettings(readEngineChoice())]), unset),
  ];
  const usable = findings.every(({ status }) => status !== "broken");
  if (usable && Deno.args.includes("--repair")) {
    findings.push(...await guarded("repair", repair, "see above"));
  }
  if (usable) findings.push(...await guarded("engine", diagnoseEngine, "deno install"));
  findings.push(...await guarded("kernel", checkKernel, "deno jupyter --install --force"));
  findings.push(...await guarded("room", checkRoom, "look at the disk"));
  console.log(table(findings));
  Deno.exit(findings.some(({ status }) => status === "broken") ? 1 : 0);
}

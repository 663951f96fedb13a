/**
 * `deno task doctor`: says which engine computes here, why, how fast, and what to do about whatever is not right.
 * `deno task doctor --repair` first sets the native engine up, or again where it is damaged.
 * Exit code 0, or 1 where something needed is broken.
 */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { packageVersions } from "../support/versions.ts";
import { describeSettings, diagnoseEngine, type Finding } from "../support/engine/diagnosis.ts";
import { readEngineChoice } from "../support/engine/engine_choice.ts";
import { ensureEngine } from "../support/engine/install.ts";
import { findKernelSpec } from "../support/notebook/kernel_spec.ts";
import { projectRoot } from "../support/project.ts";

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

/** Checks that every package is in the project's node_modules, in the version that is asked for. */
export async function checkPackages(root: string, versions: Record<string, string>): Promise<Finding> {
  const wrong: string[] = [];
  for (const [name, version] of Object.entries(versions)) {
    const text = await Deno.readTextFile(join(root, "node_modules", name, "package.json")).catch(() => null);
    const here = text === null ? "missing" : JSON.parse(text).version;
    if (here !== version) wrong.push(`${name} ${here} (${version} is asked for)`);
  }
  const subject = "packages";
  if (wrong.length === 0) return { status: "ok", subject, text: "all of deno.json's in node_modules" };
  return { status: "broken", subject, text: wrong.join(", "), todo: "deno install" };
}

/** Deno's kernel in Jupyter's list. Only front ends need it: reproduce starts the kernel itself. */
async function checkKernel(): Promise<Finding> {
  const subject = "kernel";
  const found = await findKernelSpec();
  if (found?.works) {
    return { status: "ok", subject, text: `Deno's kernel for Jupyter is installed: ${found.path}` };
  }
  const text = found
    ? `${found.path} starts ${found.program || "no program"}, which is not there`
    : "Deno's kernel for Jupyter is not installed; only JupyterLab and the like need it";
  return { status: "note", subject, text, todo: `deno jupyter --install${found ? " --force" : ""}` };
}

/** A note where less than 2 GB are free. */
function checkRoom(subject: string, free: number, text: string, todo: string): Finding {
  const shown = `${(free / 1e9).toFixed(free < 1e10 ? 1 : 0)} ${text}`;
  return free >= 2e9
    ? { status: "ok", subject, text: shown }
    : { status: "note", subject, text: shown, todo };
}

async function checkDisk(): Promise<Finding> {
  const { bavail, bsize } = await statfs(projectRoot);
  return checkRoom("disk", bavail * bsize, "GB free", "free 2 GB before a long run");
}

function checkMemory(): Finding {
  const { available, total } = Deno.systemMemoryInfo();
  return checkRoom(
    "memory",
    available,
    `of ${(total / 1e9).toFixed(0)} GB available`,
    "close other programs",
  );
}

async function repair(): Promise<Finding> {
  const installed = await ensureEngine({ thorough: true, retry: true });
  if (installed) return { status: "ok", subject: "repair", text: "the native engine is whole" };
  return { status: "note", subject: "repair", text: "nothing to repair: WebAssembly computes" };
}

/** What a check finds; its failure is a finding too. */
async function guarded(
  subject: string,
  check: () => Finding | Finding[] | Promise<Finding | Finding[]>,
  todo: string,
): Promise<Finding[]> {
  try {
    return [await check()].flat();
  } catch (error) {
    return [{ status: "broken", subject, text: (error as Error).message, todo }];
  }
}

if (import.meta.main) {
  const { deno, ...packages } = packageVersions();
  const findings = [
    checkDeno(deno),
    ...await guarded("packages", () => checkPackages(projectRoot, packages), "deno install"),
    ...await guarded(
      "settings",
      () => describeSettings(readEngineChoice()),
      "correct or unset that variable",
    ),
  ];
  const usable = findings.every(({ status }) => status !== "broken");
  if (usable && Deno.args.includes("--repair")) {
    findings.push(...await guarded("repair", repair, "see above"));
  }
  if (usable) findings.push(...await guarded("engine", diagnoseEngine, "deno install"));
  findings.push(
    ...await guarded("kernel", checkKernel, "deno jupyter --install --force"),
    ...await guarded("disk", checkDisk, "look at the disk"),
    ...await guarded("memory", checkMemory, "close other programs"),
  );
  console.log(table(findings));
  Deno.exit(findings.some(({ status }) => status === "broken") ? 1 : 0);
}

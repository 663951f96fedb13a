/**
 * Checks Deno's version. Each task of deno.json runs this file first, without the project's configuration. Otherwise Deno 2.3 and
 * 2.4 would stop at `-P=`, and 2.5 to 2.7 inside a package, with messages that do not mention the version. (Before 2.3 `deno task`
 * itself stops at the lockfile and asks for an upgrade.)
 */

/** In older versions a failing notebook cell goes unnoticed. */
const needed = [2, 9, 1];

/** What is wrong with a version such as `2.9.0`, and what to do; null if it is new enough. */
export function denoProblem(version: string): string | null {
  const given = version.split(/[.-]/).map(Number);
  const index = needed.findIndex((number, i) => number !== given[i]);
  if (index === -1 || given[index] > needed[index]) return null;
  return `This project needs Deno ${
    needed.join(".")
  } or newer. Update it with \`deno upgrade\`, or with what installed it. ` +
    `Received: Deno ${version}`;
}

if (import.meta.main) {
  const problem = denoProblem(Deno.version.deno);
  if (problem !== null) {
    console.error(problem);
    Deno.exit(2);
  }
}

import { join } from "node:path";
import { projectRoot } from "../../lib/support/project.ts";
import { withoutGreeting } from "./engine/package_copy.ts";

type Options = Pick<Deno.CommandOptions, "cwd" | "env" | "clearEnv">;

/** What a program has written, and its exit code. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs Deno with these arguments to its end. */
export async function runDeno(args: string[], options: Options = {}): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    stdin: "null",
    ...options,
  })
    .output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

/** Runs a task's program from any folder as deno.json starts it, with its permissions. TensorFlow's greeting is left out. */
export async function runTask(task: string, args: string[], options: Options = {}): Promise<Ended> {
  const config = join(projectRoot, "deno.json");
  const { tasks } = JSON.parse(await Deno.readTextFile(config));
  const [, ...own] = tasks[task].command.split(" && ").at(-1).replace(/^deno /, "").split(" ");
  const program = own.map((word: string) => word.startsWith("lib/") ? join(projectRoot, word) : word);
  const ended = await runDeno(["run", "--no-check", "-q", "--config", config, ...program, ...args], {
    ...options,
    env: { NO_COLOR: "1", ...options.env },
  });
  return { ...ended, err: withoutGreeting(ended.err) };
}

/** Run by decode_test.ts: decodes one photo, prints why it cannot be, and this process's peak memory in MB (Linux). */
import process from "node:process";
import { decodeImage } from "../../lib/data/decode.ts";

const path = Deno.args[0];
if (Deno.uid() === 0) process.seteuid?.(65534); // root may read everything
const problem = await decodeImage(path, 64).then(() => null, (error: Error) => error.message);
const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
console.log(JSON.stringify({ problem, peak: Number(status.match(/VmHWM:\s+(\d+)/)?.[1] ?? NaN) / 1024 }));

/** Run by kernel_test.ts, which kills it: prints the kernel's process id and lets the kernel compute without end. */
import { startKernel } from "../../../lib/support/notebook/kernel.ts";
import { testFolder } from "./run_cells.ts";

const kernel = await startKernel({ folder: testFolder });
kernel.onOutput = ({ content }) => void Deno.stdout.writeSync(new TextEncoder().encode(String(content.text)));
await kernel.execute("console.log(Deno.pid)");
await kernel.execute("for (;;) {}");

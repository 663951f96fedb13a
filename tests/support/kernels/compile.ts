/** Program, `deno task kernels`: compiles lib/support/kernels/assembly.ts to kernels.wasm beside it, which is committed. */
import asc from "assemblyscript/asc";
import { fileURLToPath } from "node:url";

const folder = new URL("../../../lib/support/kernels/", import.meta.url);
export const kernelsPath = fileURLToPath(new URL("kernels.wasm", folder));

/** The compiled module. The same source gives the same bytes. @throws {Error} with the compiler's message */
export async function compileKernels(): Promise<Uint8Array> {
  const source = await Deno.readTextFile(new URL("assembly.ts", folder));
  let compiled = new Uint8Array(0);
  const flags = ["-O3", "--runtime", "stub", "--noAssert", "--enable", "simd,threads"];
  const memory = ["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"];
  const { error, stderr } = await asc.main(["kernels.ts", "--outFile", "kernels.wasm", ...flags, ...memory], {
    readFile: (name) => name === "kernels.ts" ? source : null,
    writeFile: (_, bytes) => void (compiled = bytes as Uint8Array<ArrayBuffer>),
  });
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return compiled;
}

if (import.meta.main) {
  const bytes = await compileKernels();
  await Deno.writeFile(kernelsPath, bytes);
  console.log(`${kernelsPath}: ${bytes.length} bytes`);
}

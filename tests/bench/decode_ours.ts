/** This project as a competitor in decoding (see peer.ts): `deno run -A decode_ours.ts PHOTOS [--stored]`. Stored is what a run does. */
import { join } from "node:path";
import { decodeImage } from "../../lib/data/decode.ts";
import { loadImageSet } from "../../lib/data/image_set.ts";
import { inParallel } from "../../lib/support/parallel.ts";
import { openStore } from "../../lib/support/store.ts";
import { answer } from "./answer.ts";
import { size } from "./inputs.ts";

const [folder, mode] = Deno.args;
const paths = Array.from(Deno.readDirSync(folder), ({ name }) => join(folder, name)).sort();

/** (n, 64, 64, 3) */
async function decode(): Promise<Uint8Array> {
  const pixels = new Uint8Array(paths.length * size * size * 3);
  const rows = [...paths.keys()];
  await inParallel(
    rows,
    4,
    async (row) => pixels.set(await decodeImage(paths[row], size), row * size * size * 3),
  );
  return pixels;
}

async function decodeAndStore(): Promise<Uint8Array> {
  const store = openStore(await Deno.makeTempDir());
  const { pixels } = await loadImageSet(paths, { size, store });
  await Deno.remove(store.folder, { recursive: true });
  return pixels;
}

const pass = mode === "--stored" ? decodeAndStore : decode;
await pass();
await answer({ results: async () => new Float32Array(await pass()), go: pass }, "4 in flight");

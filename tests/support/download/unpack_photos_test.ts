import assert from "node:assert/strict";
import { join } from "node:path";
import { type UnpackOptions, unpackPhotos } from "../../../lib/support/download/unpack_photos.ts";
import { noise } from "./server.ts";
import { type Member, zip } from "./zip.ts";

const photo = (seed: number) => noise(3000 + seed, seed);
const photos: Member[] = [1, 2, 3].map((seed) => ({ name: `ISIC_000000${seed}.jpg`, content: photo(seed) }));

/** Unpacks an archive into `photos` in a folder of its own; then tells what is in that folder. */
async function unpack(archive: Uint8Array, options?: UnpackOptions) {
  const folder = await Deno.makeTempDir();
  const place = join(folder, "in");
  await Deno.mkdir(place);
  await Deno.writeFile(join(place, "part.zip"), archive);
  const target = join(place, "photos");
  try {
    const result = await unpackPhotos(join(place, "part.zip"), target, options).catch((error: Error) =>
      error
    );
    const inside = await Array.fromAsync(Deno.readDir(place)).then((all) =>
      all.map(({ name }) => name).sort()
    );
    const outside = await Array.fromAsync(Deno.readDir(folder)).then((all) => all.map(({ name }) => name));
    const files: Record<string, Uint8Array> = {};
    if (inside.includes("photos")) {
      for await (const { name } of Deno.readDir(target)) {
        files[name] = await Deno.readFile(join(target, name));
      }
    }
    return { result, inside, outside, files };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function refuses(archive: Uint8Array, message: RegExp, options?: UnpackOptions): Promise<void> {
  const { result, inside, outside } = await unpack(archive, options);
  assert.ok(result instanceof Error, "it was unpacked");
  assert.match(result.message, message);
  assert.deepEqual(inside, ["part.zip"]);
  assert.deepEqual(outside, ["in"]);
}

Deno.test("photos come out byte for byte, without the archive's folders and whatever else is in it", async () => {
  const archive = zip([
    { name: "HAM10000_images_part_1/", content: new Uint8Array(), mode: 0o040755 },
    ...photos.map((member) => ({ ...member, name: `HAM10000_images_part_1/${member.name}` })),
    { name: "ISIC_0000009.JPG", content: photo(9) },
    { name: "__MACOSX/._ISIC_0000001.jpg", content: noise(10) },
    { name: "readme.txt", content: noise(10) },
  ]);
  const steps: string[] = [];
  const { result, files } = await unpack(archive, { onProgress: (done, of) => steps.push(`${done}/${of}`) });
  assert.deepEqual(result, { photos: 4, bytes: 3001 + 3002 + 3003 + 3009 });
  assert.deepEqual(Object.keys(files).sort(), [...photos.map(({ name }) => name), "ISIC_0000009.JPG"]);
  for (const { name, content } of photos) assert.deepEqual(files[name], content);
  assert.deepEqual(steps, ["1/4", "2/4", "3/4", "4/4"]);
});

Deno.test("a path that climbs out or is absolute is refused, photo or not", async () => {
  for (
    const name of ["../ISIC_0000007.jpg", "a/../../ISIC_0000007.jpg", "..\\ISIC_0000007.jpg", "../evil.txt"]
  ) {
    await refuses(zip([...photos, { name, content: photo(7) }]), /invalid relative path/);
  }
  for (const name of ["/tmp/ISIC_0000007.jpg", "C:/ISIC_0000007.jpg"]) {
    await refuses(zip([...photos, { name, content: photo(7) }]), /absolute path/);
  }
});

Deno.test("a link is refused", async () => {
  const link = { name: "ISIC_0000007.jpg", content: new TextEncoder().encode("/etc/passwd"), mode: 0o120777 };
  await refuses(zip([...photos, link]), /ISIC_0000007\.jpg is a link/);
  await refuses(zip([...photos, { ...link, name: "folder" }]), /folder is a link/);
});

Deno.test("an archive that is cut short anywhere leaves nothing", async () => {
  const archive = zip(photos);
  for (const length of [0, 10, 1000, 5000, archive.length - 30, archive.length - 1]) {
    await refuses(archive.subarray(0, length), /part\.zip: cannot be unpacked: /);
  }
});

Deno.test("a damaged photo is found by its CRC-32, and nothing is kept of the others", async () => {
  await refuses(
    zip([...photos, { name: "ISIC_0000008.jpg", content: photo(8), crc: 1 }]),
    /ISIC_0000008\.jpg is damaged/,
  );
  const archive = zip(photos);
  archive.fill(0x55, 4000, 4100); // inside the second photo
  await refuses(archive, /cannot be unpacked/);
});

Deno.test("two photos of one name, and none at all, are refused", async () => {
  await refuses(zip([...photos, { name: "again/ISIC_0000001.jpg", content: photo(4) }]), /is there twice/);
  await refuses(zip([{ name: "a.txt", content: photo(1) }]), /it holds no JPEG/);
  await refuses(zip([]), /it holds no JPEG/);
});

Deno.test("without room nothing is begun", async () => {
  const free = () => Promise.resolve(9005);
  await refuses(zip(photos), /Unpacking part\.zip needs 9 kB in .*Received: 9 kB free\. Free 1 byte/, {
    free,
  });
});

Deno.test("an abort leaves nothing", async () => {
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("stopped"));
  await refuses(zip(photos), /stopped/, { signal: stop.signal, onProgress });
});

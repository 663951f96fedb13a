import assert from "node:assert/strict";
import { join } from "node:path";
import { strToU8, type Zippable, zipSync } from "fflate";
import { unpackPhotos } from "../../../lib/tasks/data/unpack_photos.ts";
import { noise } from "../../support/file_server.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const photo = (seed: number) => noise(3000 + seed, seed);
const photos = Object.fromEntries([1, 2, 3].map((seed) => [`ISIC_000000${seed}.jpg`, photo(seed)]));

/** Unpacks into `in/photos`; tells what came of it, and that nothing else was touched. */
async function unpack(
  archive: Uint8Array,
  options: Parameters<typeof unpackPhotos>[2] & { leftOver?: boolean } = {},
) {
  await using folder = await temporaryFolder();
  const [path, target] = ["part.zip", "photos"].map((name) => join(folder.path, "in", name));
  await Deno.mkdir(join(folder.path, "in"));
  await Deno.writeFile(path, archive);
  if (options.leftOver) {
    await Deno.mkdir(target);
    await Deno.writeFile(join(target, "ISIC_0000001.jpg"), noise(5));
  }
  const result = await unpackPhotos(path, target, options).catch((error: Error) => error);
  const files: Record<string, Uint8Array> = {};
  if (!(result instanceof Error)) {
    for await (const { name } of Deno.readDir(target)) files[name] = await Deno.readFile(join(target, name));
    await Deno.remove(target, { recursive: true });
  }
  assert.deepEqual(await folder.names(), ["in"]);
  assert.deepEqual(Array.from(Deno.readDirSync(join(folder.path, "in")), ({ name }) => name), ["part.zip"]);
  return { result, files };
}

Deno.test("photos are unpacked byte for byte, without the archive's folders and other files", async () => {
  const archive = zipSync({
    HAM10000_images_part_1: photos,
    "ISIC_0000009.JPG": photo(9),
    __MACOSX: { "._ISIC_0000001.jpg": noise(10) },
    "readme.txt": noise(10),
  });
  for (const leftOver of [false, true]) { // a killed call may have left some
    const { result, files } = await unpack(archive, { leftOver });
    assert.deepEqual(result, { photos: 4, bytes: 3001 + 3002 + 3003 + 3009 });
    assert.deepEqual(files, { ...photos, "ISIC_0000009.JPG": photo(9) });
  }
});

const withPhotos = (more: Zippable) => zipSync({ ...photos, ...more }, { level: 0 });
const link: Zippable[string] = [strToU8("/etc/passwd"), { os: 3, attrs: 0o120777 << 16 }];
/** The archive with one byte of the second photo, or of its CRC-32 in the archive's directory, changed. */
const damaged = (what: "photo" | "CRC-32") => {
  const archive = withPhotos({});
  const directory = archive.length - 22 - 3 * (46 + "ISIC_0000001.jpg".length);
  archive[what === "photo" ? 4000 : directory + 16] ^= 1;
  return archive;
};

const refused: [name: string, archives: Uint8Array[], message: RegExp, free?: number][] = [
  [
    "a path that climbs out or is absolute is refused, photo or not",
    ["../I_7.jpg", "a/../../I_7.jpg", "..\\I_7.jpg", "../evil.txt", "/tmp/I_7.jpg", "C:/I_7.jpg"].map((
      name,
    ) => withPhotos({ [name]: photo(7) })),
    /part\.zip: cannot be unpacked: (invalid relative|absolute) path: .* No photo of it was kept/,
  ],
  [
    "a link is refused",
    ["I_7.jpg", "folder"].map((name) => withPhotos({ [name]: link })),
    /(I_7\.jpg|folder) is a link/,
  ],
  [
    "an archive that is cut short anywhere leaves nothing",
    [0, 10, 1000, 5000, -30, -1].map((length) => withPhotos({}).slice(0, length)),
    /cannot be unpacked: /,
  ],
  [
    "a damaged photo is found by its CRC-32",
    [damaged("photo"), damaged("CRC-32")],
    /ISIC_000000[12]\.jpg is damaged/,
  ],
  [
    "two photos of one name are refused",
    [withPhotos({ "again/ISIC_0000001.jpg": photo(7) })],
    /is there twice/,
  ],
  ["an archive without photos is refused", [zipSync({ "a.txt": photo(1) }), zipSync({})], /it holds no JPEG/],
  [
    "without room nothing is begun",
    [withPhotos({})],
    /Unpacking part\.zip needs 0\.00901 MB in .*Received: 0\.009 MB free/,
    9000,
  ],
];

for (const [name, archives, message, free = Infinity] of refused) {
  Deno.test(name, async () => {
    for (const archive of archives) {
      const { result } = await unpack(archive, { free: () => Promise.resolve(free) });
      assert.ok(result instanceof Error, "it was unpacked");
      assert.match(result.message, message);
    }
  });
}

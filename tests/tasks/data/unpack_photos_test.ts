import assert from "node:assert/strict";
import { join } from "node:path";
import { unpackPhotos } from "../../../lib/tasks/data/unpack_photos.ts";
import { noise, temporaryFolder } from "../../support/file_server.ts";
import { type Member, zip } from "./zip.ts";

const photo = (seed: number) => noise(3000 + seed, seed);
const photos: Member[] = [1, 2, 3].map((seed) => ({ name: `ISIC_000000${seed}.jpg`, content: photo(seed) }));

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

Deno.test("photos come out byte for byte, without the archive's folders and whatever else is in it", async () => {
  const archive = zip([
    { name: "HAM10000_images_part_1/", content: new Uint8Array(), mode: 0o040755 },
    ...photos.map((member) => ({ ...member, name: `HAM10000_images_part_1/${member.name}` })),
    { name: "ISIC_0000009.JPG", content: photo(9) },
    { name: "__MACOSX/._ISIC_0000001.jpg", content: noise(10) },
    { name: "readme.txt", content: noise(10) },
  ]);
  const expected = Object.fromEntries(
    [...photos, { name: "ISIC_0000009.JPG", content: photo(9) }].map((one) => [one.name, one.content]),
  );
  for (const leftOver of [false, true]) { // a killed call may have left some
    const { result, files } = await unpack(archive, { leftOver });
    assert.deepEqual(result, { photos: 4, bytes: 3001 + 3002 + 3003 + 3009 });
    assert.deepEqual(files, expected);
  }
});

const content = photo(7);
const link = new TextEncoder().encode("/etc/passwd");
const damaged = zip(photos);
damaged.fill(0x55, 4000, 4100); // inside the second photo

const refused: [name: string, archives: Uint8Array[], message: RegExp, free?: number][] = [
  [
    "a path that climbs out or is absolute is refused, photo or not",
    [
      "../ISIC_7.jpg",
      "a/../../ISIC_7.jpg",
      "..\\ISIC_7.jpg",
      "../evil.txt",
      "/tmp/ISIC_7.jpg",
      "C:/ISIC_7.jpg",
    ].map((name) => zip([...photos, { name, content }])),
    /part\.zip: cannot be unpacked: (invalid relative|absolute) path: .* No photo of it was kept/,
  ],
  [
    "a link is refused",
    ["ISIC_7.jpg", "folder"].map((name) => zip([...photos, { name, content: link, mode: 0o120777 }])),
    /(ISIC_7\.jpg|folder) is a link/,
  ],
  [
    "an archive that is cut short anywhere leaves nothing",
    [0, 10, 1000, 5000, -30, -1].map((length) => zip(photos).slice(0, length)),
    /cannot be unpacked: /,
  ],
  [
    "a photo of another CRC-32 is damaged",
    [zip([...photos, { name: "ISIC_8.jpg", content, crc: 1 }])],
    /ISIC_8\.jpg is damaged/,
  ],
  ["a photo that cannot be read is damaged", [damaged], /cannot be unpacked/],
  [
    "two photos of one name are refused",
    [zip([...photos, { name: "again/ISIC_0000001.jpg", content }])],
    /is there twice/,
  ],
  ["an archive without photos is refused", [zip([{ name: "a.txt", content }]), zip([])], /it holds no JPEG/],
  [
    "without room nothing is begun",
    [zip(photos)],
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

/** A Dataverse with a small HAM10000: drawn noise instead of photos, the API's own shapes, storage behind a redirect. */
import { md5, noise, serve, type Served, type TestServer } from "./server.ts";
import { type Member, zip } from "./zip.ts";

export interface FakeDataverse extends AsyncDisposable {
  base: string;
  server: TestServer;
  /** What storage serves, by the file's name; to be changed. */
  stored: Record<string, Served>;
  /** The table as it was uploaded. */
  csv: string;
  photos: Record<"HAM10000_images_part_1" | "HAM10000_images_part_2", Member[]>;
}

export const listPath = "/api/datasets/:persistentId/?persistentId=doi:10.7910/DVN/DBW86T";

const header = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"];

/**
 * @param options.table how it has the table: as it was uploaded, ingested with the original, ingested without
 * @param options.photoBytes size of each of the eight photos
 */
export function fakeDataverse(
  options: { table?: "plain" | "ingested" | "tabs only"; photoBytes?: number } = {},
): FakeDataverse {
  const { table = "plain", photoBytes = 3000 } = options;
  const member = (number: number) => ({
    name: `ISIC_000000${number}.jpg`,
    content: noise(photoBytes + number, number),
  });
  const photos = {
    HAM10000_images_part_1: [1, 2, 3, 4].map(member),
    HAM10000_images_part_2: [5, 6, 7, 8].map(member),
  };
  const rows = Object.values(photos).flat().map(({ name }, i) => [
    `HAM_000000${i % 4}`,
    name.replace(".jpg", ""),
    ["nv", "mel"][i % 2],
    "histo",
    i === 3 ? "" : `${40 + i}.0`,
    "male",
    "back",
  ]);
  const csv = [header, ...rows].map((row) => row.join(",") + "\n").join("");
  const quote = (field: string, i: number) => (i === 4 ? field : `"${field}"`);
  const data = rows.map((row) => row.map(quote).join("\t") + "\n").join("");
  const tab = header.join("\t") + "\n" + data;
  const encode = (text: string) => new TextEncoder().encode(text);

  const stored: Record<string, Served> = {
    "HAM10000_metadata": { bytes: encode(csv) },
    "HAM10000_metadata.tab": { bytes: encode(tab) },
    "HAM10000_images_part_1.zip": { bytes: zip(photos.HAM10000_images_part_1) },
    "HAM10000_images_part_2.zip": { bytes: zip(photos.HAM10000_images_part_2) },
  };
  const sums = Object.fromEntries(Object.entries(stored).map(([name, { bytes }]) => [name, md5(bytes)]));
  const entry = (id: number, label: string, more: object = {}) => ({
    label,
    restricted: false,
    version: 1,
    dataFile: {
      id,
      filename: label,
      contentType: "application/zip",
      filesize: stored[label].bytes.length,
      storageIdentifier: `s3://bucket:${id}`,
      md5: sums[label],
      checksum: { type: "MD5", value: sums[label] },
      ...more,
    },
  });
  // as Dataverses do: the checksum is of the stored table, which has no header line
  const sum = md5(encode(data));
  const ingested = {
    contentType: "text/tab-separated-values",
    originalFileFormat: "text/csv",
    originalFormatLabel: "Comma Separated Values",
    originalFileName: "HAM10000_metadata.csv",
    originalFileSize: encode(csv).length,
    UNF: "UNF:6:x",
    md5: sum,
    checksum: { type: "MD5", value: sum },
  };
  const files = [
    table === "plain" ? entry(11, "HAM10000_metadata") : entry(11, "HAM10000_metadata.tab", ingested),
    entry(12, "HAM10000_images_part_1.zip"),
    entry(13, "HAM10000_images_part_2.zip"),
    {
      label: "HAM10000_segmentations.zip",
      restricted: false,
      dataFile: { id: 14, filename: "x.zip", filesize: 9e9 },
    },
  ];
  const license = { name: "CC BY-NC 4.0", uri: "http://creativecommons.org/licenses/by-nc/4.0" };
  const latestVersion = { versionNumber: 4, versionMinorNumber: 0, license, files };

  const storage = serve(
    Object.fromEntries(Object.entries(stored).map(([name, one]) => [`/${name}?signed`, one])),
  );
  const toStorage = (name: string) => () => Response.redirect(`${storage.base}/${name}?signed`, 303);
  const server = serve({
    [listPath]: () => Response.json({ status: "OK", data: { id: 1, latestVersion } }),
    "/api/access/datafile/11": toStorage(table === "plain" ? "HAM10000_metadata" : "HAM10000_metadata.tab"),
    "/api/access/datafile/12": toStorage("HAM10000_images_part_1.zip"),
    "/api/access/datafile/13": toStorage("HAM10000_images_part_2.zip"),
    ...(table === "ingested"
      ? { "/api/access/datafile/11?format=original": toStorage("HAM10000_metadata") }
      : {}),
  });
  return {
    base: server.base,
    server,
    stored,
    csv,
    photos,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
    },
  };
}

/** Whether a folder holds the whole set, and nothing but it and its record. */
export async function holdsAll(folder: string, { csv, photos }: FakeDataverse): Promise<boolean> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  const expected = [...Object.keys(photos), "HAM10000_metadata.csv", "HAM10000_source.json"].sort();
  if (names.filter((name) => name !== ".download").join() !== expected.join()) return false;
  if (await Deno.readTextFile(`${folder}/HAM10000_metadata.csv`) !== csv) return false;
  for (const [part, members] of Object.entries(photos)) {
    for (const { name, content } of members) {
      const bytes = await Deno.readFile(`${folder}/${part}/${name}`).catch(() => new Uint8Array());
      if (bytes.length !== content.length || bytes.some((byte, i) => byte !== content[i])) return false;
    }
  }
  return true;
}

/** A Dataverse with a small HAM10000 and a small official test set: drawn noise instead of photos, the API's own shapes, storage behind a redirect. */
import { zipSync } from "fflate";
import { md5, noise, serve, type Served, type TestServer } from "../../support/file_server.ts";

export interface FakeDataverse extends AsyncDisposable {
  base: string;
  server: TestServer;
  /** What storage serves, by the file's name; to be changed. */
  stored: Record<string, Served>;
  /** The table as it was uploaded. */
  csv: string;
  /** Bytes by file name, by part. */
  photos: Record<string, Record<string, Uint8Array>>;
  /** The official test set: its table in one-hot form, and its photos. */
  official: { csv: string; photos: Record<string, Uint8Array> };
}

export const listPath = "/api/datasets/:persistentId/?persistentId=doi:10.7910/DVN/DBW86T";

/**
 * @param options.table how it has the table: as it was uploaded, ingested with the original, ingested without
 * @param options.photoBytes size of each of the eight photos
 */
export function fakeDataverse(
  options: { table?: "plain" | "ingested" | "tabs only"; photoBytes?: number } = {},
): FakeDataverse {
  const { table = "plain", photoBytes = 3000 } = options;
  const part = (...numbers: number[]) =>
    Object.fromEntries(numbers.map((n) => [`ISIC_000000${n}.jpg`, noise(photoBytes + n, n)]));
  const photos = { HAM10000_images_part_1: part(1, 2, 3, 4), HAM10000_images_part_2: part(5, 6, 7, 8) };
  const header = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"];
  const rows = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => {
    const age = n === 4 ? "" : `${39 + n}.0`;
    return [`HAM_000000${n % 4}`, `ISIC_000000${n}`, ["nv", "mel"][n % 2], "histo", age, "male", "back"];
  });
  const text = (lines: string[][], comma: string) => lines.map((line) => line.join(comma) + "\n").join("");
  const csv = text([header, ...rows], ",");
  const quoted = rows.map((row) => row.map((field, i) => i === 4 ? field : `"${field}"`));
  const encode = (text: string) => new TextEncoder().encode(text);
  const official = {
    csv: "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\n" +
      "ISIC_0000091,0.0,1.0,0.0,0.0,0.0,0.0,0.0\nISIC_0000092,1.0,0.0,0.0,0.0,0.0,0.0,0.0\n",
    photos: Object.fromEntries([1, 2, 3].map((n) => [`ISIC_000009${n}.jpg`, noise(photoBytes, 90 + n)])), // one more than rows
  };
  const inWords = text(
    [header, ["HAM_9", "ISIC_0000091", "nv"], ["HAM_8", "ISIC_0000092", "mel"]].map((row) =>
      header.map((_, i) => row[i] ?? "")
    ),
    "\t",
  );
  const stored: Record<string, Served> = {
    "ISIC2018_Task3_Test_GroundTruth.csv": { bytes: encode(official.csv) },
    "ISIC2018_Task3_Test_GroundTruth.tab": { bytes: encode(inWords) },
    "ISIC2018_Task3_Test_Images.zip": { bytes: zipSync(official.photos, { level: 0 }) },
    "ISIC2018_Task3_Test_NatureMedicine_AI_Interaction_Benefit.tab": { bytes: encode("a\tb\n") },
    "HAM10000_metadata": { bytes: encode(csv) },
    "HAM10000_metadata.tab": { bytes: encode(text([header, ...quoted], "\t")) },
    "HAM10000_images_part_1.zip": { bytes: zipSync(photos.HAM10000_images_part_1, { level: 0 }) },
    "HAM10000_images_part_2.zip": { bytes: zipSync(photos.HAM10000_images_part_2, { level: 0 }) },
  };
  const entry = (id: number, label: string, more: object = {}) => {
    const { bytes } = stored[label];
    const checksum = { type: "MD5", value: md5(bytes) };
    return { label, dataFile: { id, filename: label, filesize: bytes.length, checksum, ...more } };
  };
  const ingested = {
    originalFileFormat: "text/csv",
    originalFileSize: encode(csv).length,
    checksum: { type: "MD5", value: md5(encode(text(quoted, "\t"))) }, // of the stored table, which has no header line
  };
  const files = [
    table === "plain" ? entry(11, "HAM10000_metadata") : entry(11, "HAM10000_metadata.tab", ingested),
    entry(12, "HAM10000_images_part_1.zip"),
    entry(13, "HAM10000_images_part_2.zip"),
    table === "plain"
      ? entry(15, "ISIC2018_Task3_Test_GroundTruth.csv")
      : entry(15, "ISIC2018_Task3_Test_GroundTruth.tab", { originalFileFormat: "text/csv" }),
    entry(16, "ISIC2018_Task3_Test_NatureMedicine_AI_Interaction_Benefit.tab", {
      originalFileFormat: "text/csv",
    }),
    entry(17, "ISIC2018_Task3_Test_Images.zip"),
    { label: "HAM10000_segmentations.zip", dataFile: { id: 14, filename: "x.zip", filesize: 9e9 } },
  ];
  const license = { name: "CC BY-NC 4.0", uri: "http://creativecommons.org/licenses/by-nc/4.0" };
  const latestVersion = { versionNumber: 4, versionMinorNumber: 0, license, files };

  const storage = serve(
    Object.fromEntries(Object.entries(stored).map(([name, one]) => [`/${name}?signed`, one])),
  );
  const toStorage = (name: string) => () => Response.redirect(`${storage.base}/${name}?signed`, 303);
  const server = serve({
    [listPath]: () => Response.json({ status: "OK", data: { id: 1, latestVersion } }),
    "/api/access/datafile/11": toStorage(files[0].label),
    "/api/access/datafile/12": toStorage("HAM10000_images_part_1.zip"),
    "/api/access/datafile/13": toStorage("HAM10000_images_part_2.zip"),
    "/api/access/datafile/15": toStorage(files[3].label),
    "/api/access/datafile/17": toStorage("ISIC2018_Task3_Test_Images.zip"),
  });
  if (table === "ingested") {
    server.files["/api/access/datafile/11?format=original"] = toStorage("HAM10000_metadata");
  }
  const close = async () => {
    await server[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
  };
  return { base: server.base, server, stored, csv, photos, official, [Symbol.asyncDispose]: close };
}

/** Whether a folder holds the whole set, and nothing but it and its record. */
export async function holdsAll(folder: string, { csv, photos }: FakeDataverse): Promise<boolean> {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) =>
    name !== ".download"
  );
  const expected = [...Object.keys(photos), "HAM10000_metadata.csv", "HAM10000_source.json"];
  if (names.sort().join() !== expected.sort().join()) return false;
  if (await Deno.readTextFile(`${folder}/HAM10000_metadata.csv`) !== csv) return false;
  for (const [part, members] of Object.entries(photos)) {
    for (const [name, content] of Object.entries(members)) {
      const bytes = await Deno.readFile(`${folder}/${part}/${name}`).catch(() => new Uint8Array());
      if (md5(bytes) !== md5(content)) return false;
    }
  }
  return true;
}

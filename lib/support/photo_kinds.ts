/** Kinds of picture files: those that can be read, and those that have to be converted first. */
import { extname } from "node:path";

/** Extensions of the files that are looked for in folders. A file is then decoded by its content alone. */
export const photoExtensions: readonly string[] = [
  ...[".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".gif", ".avif"],
];

/** In words: `.jpg, .jpeg, … or .avif`. */
export const photoExtensionsText = photoExtensions.join(", ").replace(/, ([^,]*)$/, " or $1");

/** A file's extension in lower case, with its dot; empty if it has none. */
export function extensionOf(path: string): string {
  return extname(path).toLowerCase();
}

export function isPhotoName(path: string): boolean {
  return photoExtensions.includes(extensionOf(path));
}

/** The folders and the file name in an image id, which may be a path. */
export function idParts(id: string): string[] {
  return id.split(/[\\/]/).filter((part) => part !== "" && part !== ".");
}

/** An image id without a picture's extension, which some tables add. */
export function photoName(id: string): string {
  return isPhotoName(id) || isUnread(id) ? id.slice(0, -extname(id).length) : id;
}

const heicAdvice =
  "on a Mac: sips -s format jpeg photo.heic --out photo.jpg; on Linux: heif-convert photo.heic photo.jpg; " +
  "an iPhone takes JPEGs with Settings, Camera, Formats, Most Compatible";

/** A kind of picture that cannot be read. */
interface OtherKind {
  readonly name: string;
  readonly extensions: readonly string[];
  /** Whether a file's bytes begin like this kind; `text`: the first 132 of them, one character per byte. */
  readonly fits: (text: string, bytes: Uint8Array) => boolean;
  /** How to convert it, if that is not obvious. */
  readonly advice?: string;
}

const otherKinds: readonly OtherKind[] = [
  {
    name: "HEIC photo",
    extensions: [".heic", ".heif", ".hif"],
    fits: (text) => /^.{4}ftyp(hei|hev|mif1|msf1)/s.test(text),
    advice: heicAdvice,
  },
  {
    name: "camera's raw file",
    extensions: [".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw"],
    fits: (text, bytes) => /^(II(RO|RS|U\0)|FUJIFILMCCD-RAW|.{4}ftypcrx)/s.test(text) || isRawTiff(bytes),
    advice: "with the camera's own program, or darktable-cli photo.dng photo.jpg",
  },
  { name: "BMP picture", extensions: [".bmp", ".dib"], fits: (text) => /^BM.{4}\0{4}/s.test(text) },
  {
    name: "JPEG 2000 picture",
    extensions: [".jp2", ".j2k", ".jpx"],
    fits: (text) => text.slice(4, 8) === "jP  " || text.startsWith("\xff\x4f\xff\x51"),
  },
  {
    name: "JPEG XL picture",
    extensions: [".jxl"],
    fits: (text) => text.slice(4, 8) === "JXL " || text.startsWith("\xff\x0a"),
  },
  { name: "Photoshop file", extensions: [".psd"], fits: (text) => text.startsWith("8BPS") },
  { name: "DICOM file", extensions: [".dcm", ".dicom"], fits: (text) => text.slice(128, 132) === "DICM" },
];

/** Which unreadable kind a file is and how to convert it, by its content; null if it may be a photo. */
export function unreadKind(bytes: Uint8Array): string | null {
  const text = String.fromCharCode(...bytes.subarray(0, 132));
  const kind = otherKinds.find(({ fits }) => fits(text, bytes));
  return kind ? `is a ${kind.name}, which cannot be read. ${howToConvert("it", kind)}` : null;
}

/** Whether a file is a picture that cannot be read, by its extension. */
export function isUnread(path: string): boolean {
  return otherKinds.some(({ extensions }) => extensions.includes(extensionOf(path)));
}

/** How to convert the unreadable pictures among some files: one sentence per kind. */
export function conversionsOf(paths: readonly string[]): string {
  const kinds = otherKinds.filter(({ extensions }) =>
    paths.some((path) => extensions.includes(extensionOf(path)))
  );
  return kinds.map((kind) => howToConvert(`${kind.name}s`, kind)).join(". ");
}

function howToConvert(what: string, { advice }: OtherKind): string {
  return `Convert ${what} to JPEG first${advice ? ` (${advice})` : ""}`;
}

/**
 * Whether a TIFF is a camera's raw file (DNG, NEF, CR2, …). Its first picture is a thumbnail, which would be read instead of the
 * photo. NewSubfileType marks the thumbnail, or a DNG version the file.
 */
function isRawTiff(bytes: Uint8Array): boolean {
  const order = String.fromCharCode(...bytes.subarray(0, 4));
  if (order !== "II*\0" && order !== "MM\0*") return false;
  const little = order.startsWith("II");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (String.fromCharCode(...bytes.subarray(8, 10)) === "CR") return true;
  try {
    const start = view.getUint32(4, little);
    const tags = view.getUint16(start, little);
    for (let place = start + 2; place < start + 2 + 12 * tags; place += 12) {
      const tag = view.getUint16(place, little);
      const isReduced = tag === 254 && (view.getUint32(place + 8, little) & 1) === 1;
      if (isReduced || tag === 50706) return true;
    }
  } catch { // the table of tags points outside of the file: decoding says what is wrong
  }
  return false;
}

/** Counts files by extension, the most frequent first: `3 .heic, 1 .txt, 1 without extension`. */
export function countKinds(paths: readonly string[]): string {
  const kinds = Map.groupBy(paths, (path) => extensionOf(path) || "without extension");
  const counts = [...kinds].map(([kind, { length }]) => ({ kind, length }));
  return counts.toSorted((a, b) => b.length - a.length || (a.kind < b.kind ? -1 : 1))
    .map(({ kind, length }) => `${length} ${kind}`).join(", ");
}

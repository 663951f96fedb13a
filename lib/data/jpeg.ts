/** Reads JPEG headers, and mends quirks in them that the strictest decoder refuses and every viewer ignores. */

/**
 * A copy of a JPEG without header quirks that affect no pixel; null if it has none, or if the fault may be damage.
 *
 * libjpeg gives the same warning for these quirks and for damaged scans, so a strictness level cannot tell them apart. Only
 * faults outside of the scans that have a single interpretation are mended. The copy is then decoded at the strictest level
 * again, which finds scans that are cut short or damaged. Two quirks are known:
 *
 * - A sequential JPEG's scan header names its coefficients: 0 to 63, at full precision. No other values are allowed (T.81,
 *   B.2.3), decoders ignore them, and some phones write others (`03 11 00 00 00` for `03 11 00 3f 00`).
 * - Bytes between two segments, which decoders skip.
 */
export function mendHeaders(bytes: Uint8Array): Uint8Array<ArrayBuffer> | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  const mended = new Uint8Array(bytes);
  let length = 2; // of the mended copy
  let isMended = false;
  let isSequential = false;
  let before: Segment | null = null;
  for (let place = 2; place < bytes.length;) {
    const start = nextMarker(bytes, place);
    if (start > place) {
      const between = bytes.subarray(place, start);
      if (start === bytes.length || isPartOfPhoto(between, before)) return null;
      isMended = true;
    }
    const marker = bytes[start + 1];
    if (marker === 0xd9) { // end of image: what follows is not part of the photo
      mended.set(bytes.subarray(start), length);
      length += bytes.length - start;
      break;
    }
    const end = start + 2 + u16(bytes, start + 2);
    // Other markers are not allowed between segments, and an undefined marker may be a damaged one
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8) || end > bytes.length) return null;
    const next = marker === 0xda ? endOfScan(bytes, end) : end;
    mended.set(bytes.subarray(start, next), length);
    if (marker === 0xc0 || marker === 0xc1) isSequential = true;
    if (marker === 0xda && isSequential) {
      const values = mended.subarray(length + (end - start) - 3, length + (end - start));
      if (values.some((value, i) => value !== wholeScan[i])) isMended = true;
      values.set(wholeScan);
    }
    before = { marker, content: bytes.subarray(start + 4, end) };
    length += next - start;
    place = next;
  }
  return isMended ? mended.slice(0, length) : null;
}

/**
 * Whether a JPEG is certainly stored upright: its headers are regular up to the first scan and hold no EXIF, which could have an
 * orientation. If false, ask a decoder.
 */
export function isUprightJpeg(bytes: Uint8Array): boolean {
  if (u16(bytes, 0) !== 0xffd8) return false;
  for (let place = 2; place + 4 <= bytes.length; place += 2 + u16(bytes, place + 2)) {
    const marker = bytes[place + 1];
    if (bytes[place] !== 0xff || marker < 0xc0 || marker >= 0xd0 && marker <= 0xd9 || marker === 0xe1) {
      return false;
    }
    if (marker === 0xda) return true;
  }
  return false;
}

/** First and last coefficient of a scan, and the bits of successive approximation. */
const wholeScan = [0, 63, 0];

interface Segment {
  readonly marker: number;
  readonly content: Uint8Array;
}

function u16(bytes: Uint8Array, place: number): number {
  return 256 * bytes[place] + bytes[place + 1];
}

/** Offset of the next marker, after any 0xff fill bytes before it; the number of bytes if there is no marker. */
function nextMarker(bytes: Uint8Array, place: number): number {
  let at = place;
  while (at < bytes.length && !(bytes[at] === 0xff && bytes[at + 1] !== 0 && bytes[at + 1] !== 0xff)) at++;
  return at + 1 < bytes.length ? at : bytes.length;
}

/** Offset of the first marker after a scan's data. In the data, 0xff00 is a value, and 0xffd0 to 0xffd7 are restart markers. */
function endOfScan(bytes: Uint8Array, place: number): number {
  let at = nextMarker(bytes, place);
  while (bytes[at + 1] >= 0xd0 && bytes[at + 1] <= 0xd7) at = nextMarker(bytes, at + 2);
  return at;
}

/**
 * Whether bytes between two segments may belong to the photo: a segment with a damaged marker, or the end of one with a damaged
 * length. libjpeg checks the length of segments that it reads as a whole. In the others, only content that affects pixels must be
 * complete.
 */
function isPartOfPhoto(between: Uint8Array, before: Segment | null): boolean {
  if (between.every((value) => value === 0 || value === 0xff)) return false;
  if (u16(between, 2) + 2 === between.length) return true;
  return before !== null && !isWhole(before);
}

/** Whether the content that affects pixels is complete: an orientation (EXIF), a colour profile, Adobe's colour transform. */
function isWhole({ marker, content }: Segment): boolean {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const startsWith = (text: string) => text === String.fromCharCode(...content.subarray(0, text.length));
  try {
    if (marker === 0xe1 && startsWith("Exif\0\0")) {
      const little = content[6] === 0x49;
      const tags = 6 + view.getUint32(10, little);
      return tags + 2 + 12 * view.getUint16(tags, little) <= content.length;
    }
    if (marker === 0xe2 && startsWith("ICC_PROFILE\0")) return 14 + view.getUint32(14) <= content.length;
    return marker !== 0xee || content.length >= 12;
  } catch { // an offset points outside the segment
    return false;
  }
}

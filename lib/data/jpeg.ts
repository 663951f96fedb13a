/** What the headers of JPEGs say, and the quirks in them that the strictest decoder refuses and every viewer reads over. */

/**
 * A copy of a JPEG without quirks in its headers that decide no pixel; null where there are none, or what is wrong may be damage.
 *
 * libjpeg gives one kind of warning for such quirks and for damaged scans, so the level at which it is read cannot tell them
 * apart. Mended here is only what stands outside of the scans and has one reading; the copy is then decoded at the strictest
 * level again, which finds scans that are cut short or damaged as in any other photo. Two quirks are known:
 *
 * - The scan of a sequential JPEG says which coefficients it holds: 0 to 63, at full precision. No other values are allowed
 *   (T.81, B.2.3), decoders ignore them, and some phones write others (`03 11 00 00 00` for `03 11 00 3f 00`).
 * - Bytes between two segments, which decoders skip.
 */
export function mendHeaders(bytes: Uint8Array): Uint8Array<ArrayBuffer> | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  const mended = new Uint8Array(bytes);
  let length = 2; // of what is kept
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
    if (marker === 0xd9) { // the end: what follows is no part of the photo
      mended.set(bytes.subarray(start), length);
      length += bytes.length - start;
      break;
    }
    const end = start + 2 + u16(bytes, start + 2);
    // Other markers have no place between segments, and one that is not defined may be a damaged one
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
 * Whether a JPEG lies upright: its headers are regular up to the first scan and hold no EXIF, where an orientation would stand. Of
 * other pictures a decoder has to be asked.
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

/** First and last coefficient, and the bits of successive approximation. */
const wholeScan = [0, 63, 0];

interface Segment {
  readonly marker: number;
  readonly content: Uint8Array;
}

function u16(bytes: Uint8Array, place: number): number {
  return 256 * bytes[place] + bytes[place + 1];
}

/** Where the next marker begins, after the 0xff that may fill the space before it; the length where there is none. */
function nextMarker(bytes: Uint8Array, place: number): number {
  let at = place;
  while (at < bytes.length && !(bytes[at] === 0xff && bytes[at + 1] !== 0 && bytes[at + 1] !== 0xff)) at++;
  return at + 1 < bytes.length ? at : bytes.length;
}

/** The first marker after a scan's data, in which 0xff00 is a value and 0xffd0 to 0xffd7 divide it. */
function endOfScan(bytes: Uint8Array, place: number): number {
  let at = nextMarker(bytes, place);
  while (bytes[at + 1] >= 0xd0 && bytes[at + 1] <= 0xd7) at = nextMarker(bytes, at + 2);
  return at;
}

/**
 * Whether bytes between two segments may belong to the photo: a segment whose marker is damaged, or the end of one whose length is.
 * Of segments that decoders read as a whole libjpeg checks the length; of the others it is enough that what decides pixels is there.
 */
function isPartOfPhoto(between: Uint8Array, before: Segment | null): boolean {
  if (between.every((value) => value === 0 || value === 0xff)) return false;
  if (u16(between, 2) + 2 === between.length) return true;
  return before !== null && !isWhole(before);
}

/** Whether a segment holds what decides pixels: an orientation (EXIF), a colour profile, Adobe's kind of colours. */
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
  } catch { // leads out of the segment
    return false;
  }
}

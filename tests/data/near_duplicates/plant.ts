/** Duplicates made on purpose: a photo as someone might have saved it again. */
import sharp, { type Sharp } from "sharp";
import { normal, type Random } from "../../../lib/support/random.ts";

const kinds: Record<string, (photo: Sharp, random: Random) => Promise<Sharp>> = {
  "turned by any angle": turned,
  "mirrored": mirrored,
  "cropped by 5 %": cropped,
  "JPEG quality 60": saved,
  "slightly recoloured": recoloured,
  "all of these": async (photo, random) => {
    let result = photo;
    for (const change of [cropped, mirrored, turned, recoloured, saved]) {
      result = await change(result, random);
    }
    return result;
  },
};

export const plantedKinds = Object.keys(kinds);

/** @returns a JPEG of quality 90, but for the kinds that are about that */
export async function planted(path: string, kind: string, random: Random): Promise<Uint8Array> {
  const photo = await kinds[kind](sharp(path), random);
  const isSaved = kind.startsWith("JPEG") || kind.startsWith("all");
  return await photo.jpeg({ quality: isSaved ? 60 : 90 }).toBuffer();
}

/** The next change starts from pixels: sharp does not keep the order of changes within one pipeline. */
async function done(photo: Sharp): Promise<Sharp> {
  return sharp(await photo.png().toBuffer());
}

/** About its middle; the frame stays, corners that are turned in are black. */
async function turned(photo: Sharp, random: Random): Promise<Sharp> {
  const { width, height } = await photo.metadata();
  const larger = await done(photo.rotate(360 * random() - 180, { background: "black" }));
  const { width: across, height: down } = await larger.metadata();
  // What the frame of the turned photo is short of, a quarter turn's height, is black
  const [addX, addY] = [Math.max(0, width - across), Math.max(0, height - down)];
  const [left, top] = [Math.floor(addX / 2), Math.floor(addY / 2)];
  const padded = await done(
    larger.extend({ left, right: addX - left, top, bottom: addY - top, background: "black" }),
  );
  const [atX, atY] = [Math.max(0, across - width), Math.max(0, down - height)].map((rest) =>
    Math.round(rest / 2)
  );
  return await done(padded.extract({ left: atX, top: atY, width, height }));
}

async function mirrored(photo: Sharp, random: Random): Promise<Sharp> {
  return await done(random() < 0.5 ? photo.flop() : photo.flip());
}

/** 95 % of each side, anywhere, enlarged to the old size. */
async function cropped(photo: Sharp, random: Random): Promise<Sharp> {
  const { width, height } = await photo.metadata();
  const [across, down] = [Math.round(0.95 * width), Math.round(0.95 * height)];
  const left = Math.floor(random() * (width - across + 1));
  const top = Math.floor(random() * (height - down + 1));
  return await done(photo.extract({ left, top, width: across, height: down }).resize(width, height));
}

async function saved(photo: Sharp): Promise<Sharp> {
  return sharp(await photo.jpeg({ quality: 60 }).toBuffer());
}

/** Each channel brighter or darker by some percent, and a little added. */
async function recoloured(photo: Sharp, random: Random): Promise<Sharp> {
  const gains = [0, 1, 2].map(() => 1 + 0.08 * Math.max(-2, Math.min(2, normal(random))));
  const added = [0, 1, 2].map(() => 20 * random() - 10);
  return await done(photo.linear(gains, added));
}

/** The picture that stands where a photo was. */
import sharp from "sharp";
import { textPath, wrapText } from "../plotly/font.ts";
import type { MimeBundle } from "./ipynb.ts";

/** What the picture says, also as text. */
export const placeholderText =
  "Photo not shown here: HAM10000 is licensed CC BY-NC 4.0. To see it on your machine: deno task reproduce";

let drawn: Promise<string> | undefined;

/** A drawn placeholder: dashed frame, icon, and how to see the photo. The same bytes each time; 480×160 pixels. */
export async function placeholder(): Promise<MimeBundle> {
  drawn ??= draw();
  return { "image/png": await drawn, "text/plain": `[${placeholderText}]` };
}

async function draw(): Promise<string> {
  const style = { size: 15 };
  const lines = wrapText(placeholderText, 330, style).map((line, index) =>
    `<path transform="translate(125 ${66 + 21 * index}) scale(${style.size / 1000})" d="${
      textPath(line, style)
    }"/>`
  );
  // A frame with hills and a sun, struck through: the usual sign for a missing picture.
  const icon =
    `<g transform="translate(36 48)" fill="none" stroke="#6b7280" stroke-width="3" stroke-linejoin="round">
    <rect x="1" y="1" width="62" height="54" rx="5"/><circle cx="45" cy="17" r="6"/>
    <path d="M1 45 20 25 36 42 47 32 63 46M-6 62 70-6"/></g>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="160">
    <rect x="2" y="2" width="476" height="156" rx="8" fill="#f9fafb" stroke="#9ca3af" stroke-width="2" stroke-dasharray="8 6"/>
    ${icon}<g fill="#374151">${lines.join("")}</g></svg>`;
  const png = await sharp(new TextEncoder().encode(svg)).png({ compressionLevel: 9, palette: true })
    .toBuffer();
  return png.toString("base64");
}

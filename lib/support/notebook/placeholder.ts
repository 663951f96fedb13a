/** The picture that stands where a photo was. */
import { svgToPng, wrapText } from "../plotly/letters.ts";
import type { MimeBundle } from "./ipynb.ts";

/** What the picture says, also as text. */
export const placeholderText =
  "Photo not shown here: HAM10000 is licensed CC BY-NC 4.0. To see it on your machine: deno task reproduce";

let drawn: string | undefined;

/** A drawn placeholder: dashed frame, icon, and how to see the photo. The same bytes each time; 480×160 pixels. */
export function placeholder(): MimeBundle {
  return { "image/png": drawn ??= draw(), "text/plain": `[${placeholderText}]` };
}

function draw(): string {
  const lines = wrapText(placeholderText, 330, { size: 15 })
    .map((line, index) => `<text x="125" y="${66 + 21 * index}">${line}</text>`);
  // A frame with hills and a sun, struck through: the usual sign for a missing picture.
  const icon =
    `<g transform="translate(36 48)" fill="none" stroke="#6b7280" stroke-width="3" stroke-linejoin="round">
    <rect x="1" y="1" width="62" height="54" rx="5"/><circle cx="45" cy="17" r="6"/>
    <path d="M1 45 20 25 36 42 47 32 63 46M-6 62 70-6"/></g>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="160">
    <rect x="2" y="2" width="476" height="156" rx="8" fill="#f9fafb" stroke="#9ca3af" stroke-width="2" stroke-dasharray="8 6"/>
    ${icon}<g fill="#374151" font-family="Inter" font-size="15">${lines.join("")}</g></svg>`;
  return svgToPng(svg, { scale: 1 }).toBase64();
}

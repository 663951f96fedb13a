/**
 * Keeps photos out of committed notebooks. HAM10000 is CC BY-NC 4.0: what shows a photo of it stays on the user's machine.
 *
 * A photo is shown by `display_data` whose metadata hold `{ ham10000: { photo: true, alt: "…" } }`. `withoutPhotos` puts a
 * drawn placeholder in its place; `assertNoPhotos` is the net below that.
 */
import { isPhoto as isPhotoMetadata, type PhotoMetadata, photoMetadata, photoTag } from "../photo_tag.ts";
import type { Cell, DisplayOutput, Notebook, Output } from "./ipynb.ts";
import { placeholder, placeholderText } from "./placeholder.ts";
import { findEmbeddedImage, findPixels } from "./embedded_image.ts";

/** Whether an output is tagged as showing a photo. */
export function isPhoto(output: Output): boolean {
  return "metadata" in output && isPhotoMetadata(output.metadata);
}

/** A copy in which each tagged output shows the placeholder; all else is as it was. */
export async function withoutPhotos(notebook: Notebook): Promise<Notebook> {
  const cells = await Promise.all(notebook.cells.map(async (cell): Promise<Cell> => {
    if (cell.cell_type !== "code") return cell;
    return { ...cell, outputs: await Promise.all(cell.outputs.map(replacePhoto)) };
  }));
  return { ...notebook, cells };
}

/**
 * Checks a notebook that is to be committed, after `withoutPhotos`. Refused are: tagged outputs that show anything but the
 * placeholder; images that are no figures, where a figure has PNG or SVG beside its plotly JSON (so each JPEG); plotly
 * figures with pictures in them; attachments of Markdown cells; `data:image` addresses and Base64 of images in any text.
 *
 * It cannot know what a figure's PNG shows, nor numbers that are pixels (but in plotly's image traces, which it refuses).
 *
 * @param options.name of the notebook, for errors
 * @throws {Error} with all places that were found, by cell
 */
export async function assertNoPhotos(notebook: Notebook, options: { name?: string } = {}): Promise<void> {
  const found: string[] = [];
  const report = (place: string, problem: string | null) => problem && found.push(`${place}: ${problem}`);
  for (const [index, cell] of notebook.cells.entries()) {
    const place = `cell ${index + 1}`;
    const { outputs = [], ...rest } = cell as Cell & { outputs?: Output[] };
    if ("attachments" in cell && Object.keys(cell.attachments ?? {}).length > 0) {
      report(place, `attachment ${Object.keys(cell.attachments ?? {}).join(", ")}`);
    } else {
      report(place, findEmbeddedImage(rest, { isCode: cell.cell_type === "code" }));
    }
    for (const [number, output] of outputs.entries()) {
      report(`${place}, output ${number + 1}`, await problemOf(output));
    }
  }
  report("metadata", findEmbeddedImage(notebook.metadata));
  if (found.length === 0) return;
  throw new Error(
    `${
      options.name ?? "Notebook"
    }: expected no picture but figures and placeholders, as photos must not be committed. Show ` +
      `photos with the tag metadata.ham10000.photo (lib/support/photo_tag.ts), figures with their plotly ` +
      `JSON. Received:\n  ${found.join("\n  ")}`,
  );
}

async function replacePhoto(output: Output): Promise<Output> {
  if (!isPhoto(output)) return output;
  const { alt, synthetic } = (output as DisplayOutput).metadata[photoTag] as Partial<PhotoMetadata>;
  const data = await placeholder();
  const metadata = photoMetadata({ alt: typeof alt === "string" ? alt : "", synthetic: synthetic === true });
  if (typeof alt !== "string") return { output_type: "display_data", data, metadata };
  return {
    output_type: "display_data",
    data: { ...data, "text/plain": `[${alt.replace(/\.$/, "")}. ${placeholderText}]` },
    metadata,
  };
}

async function problemOf(output: Output): Promise<string | null> {
  if (output.output_type === "stream" || output.output_type === "error") return findEmbeddedImage(output);
  const { data, metadata } = output;
  if (isPhoto(output)) {
    const { "image/png": png, "text/plain": text, ...more } = data;
    const isPlaceholder = png === (await placeholder())["image/png"] && Object.keys(more).length === 0;
    return isPlaceholder
      ? findEmbeddedImage({ text, metadata })
      : "a photo that withoutPhotos has not replaced";
  }
  const figure = data["application/vnd.plotly.v1+json"];
  for (const [mime, content] of Object.entries(data)) {
    const isPicture = /^(image|video)\/|^application\/pdf$/i.test(mime);
    const isFigure = figure !== undefined && ["image/png", "image/svg+xml"].includes(mime);
    if (isPicture && !isFigure) return `${mime} that is no figure`;
    const problem = mime === "image/png" ? null : findEmbeddedImage(content);
    if (problem) return `${mime} with ${problem}`;
  }
  return findPixels(figure) ?? findEmbeddedImage(metadata);
}

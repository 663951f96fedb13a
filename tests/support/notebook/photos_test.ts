import { photoMetadata, photoTag } from "../../../lib/support/photo_tag.ts";
import assert from "node:assert/strict";
import sharp from "sharp";
import { display } from "../../../lib/figures/show.ts";
import { figure } from "../../../lib/figures/figure.ts";
import type { MimeBundle, Notebook, Output } from "../../../lib/support/notebook/ipynb.ts";
import { serializeNotebook } from "../../../lib/support/notebook/ipynb.ts";
import { assertNoPhotos, isPhoto, placeholder, withoutPhotos } from "../../../lib/support/notebook/photos.ts";
import { randomFor } from "../../../lib/support/random.ts";
import { notebookOf, outputsOf, run } from "./run_cells.ts";

/** A picture of noise stands for the photo: its bytes are found wherever they are. */
const random = randomFor("photos_test");
const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, () => Math.floor(random() * 256));
const picture = sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } });
const png = (await picture.clone().png().toBuffer()).toString("base64");
const jpeg = (await picture.clone().jpeg().toBuffer()).toString("base64");
const avif = (await picture.clone().avif().toBuffer()).toString("base64");
const webp = (await picture.clone().webp().toBuffer()).toString("base64");

const drawnFigure = figure({
  data: [{ type: "bar", x: ["nv", "mel"], y: [3, 1] }],
  layout: {},
  width: 200,
  height: 150,
  alt: "Two bars",
});
const figureData: MimeBundle = await drawnFigure[display]();

/** A notebook with one code cell that has this output. */
function showing(output: Output): Notebook {
  const notebook = notebookOf("# Text", "show();");
  outputsOf(notebook, 2).push(output);
  return notebook;
}

const shown = (data: MimeBundle, metadata = {}): Output => ({ output_type: "display_data", data, metadata });

Deno.test("a tagged photo that a cell of the real kernel shows is replaced by the drawn placeholder", async () => {
  const executed = await run([
    `const data = { "image/jpeg": "${jpeg}", "text/html": "<img src='data:image/jpeg;base64,${jpeg}'>" };
const metadata = { ham10000: { photo: true, alt: "A melanoma" } };
await Deno.jupyter.broadcast("display_data", { data, metadata, transient: { display_id: "p" } });
await Deno.jupyter.broadcast("update_display_data", { data, metadata, transient: { display_id: "p" } });`,
    `console.log("kept"); 1`,
  ]);
  assert.ok(isPhoto(outputsOf(executed, 1)[0]));
  executed.cells[0].source = "showPhoto();"; // this test's own source holds the picture
  assert.throws(
    () => assertNoPhotos(executed),
    /cell 1, output 1: a photo that withoutPhotos has not replaced/,
  );
  const before = structuredClone(executed);
  const stripped = await withoutPhotos(executed);
  assert.deepEqual(executed, before);
  assert.ok(!serializeNotebook(stripped).includes(jpeg.slice(0, 60)));
  const [output] = outputsOf(stripped, 1);
  assert.ok(output.output_type === "display_data");
  assert.equal(output.data["image/png"], placeholder());
  assert.match(
    String(output.data["text/plain"]),
    /^\[A melanoma\. Photo not shown here.*deno task reproduce/,
  );
  assert.deepEqual(output.metadata, photoMetadata({ alt: "A melanoma" }));
  assert.deepEqual(outputsOf(stripped, 2), outputsOf(executed, 2));
  assertNoPhotos(stripped);
  assert.deepEqual(await withoutPhotos(stripped), stripped);
});

Deno.test("an execute_result with the tag is also a photo, and none of its other metadata stays", async () => {
  const metadata = { [photoTag]: { photo: true }, thumbnail: jpeg };
  const notebook = showing({
    output_type: "execute_result",
    data: { "image/png": png },
    metadata,
    execution_count: 1,
  });
  const stripped = await withoutPhotos(notebook);
  assert.ok(!serializeNotebook(stripped).includes(jpeg.slice(0, 60)));
  assertNoPhotos(stripped);
});

Deno.test("the placeholder is a small drawn PNG with words on it", async () => {
  const bytes = Uint8Array.fromBase64(placeholder());
  const { width, height, format } = await sharp(bytes).metadata();
  assert.deepEqual([width, height, format], [480, 160, "png"]);
  assert.ok(bytes.length < 20_000);
  const words = { left: 120, top: 40, width: 340, height: 80 };
  const { data, info } = await sharp(bytes).flatten().greyscale().extract(words).raw()
    .toBuffer({ resolveWithObject: true });
  const dark = data.filter((_, index) => index % info.channels === 0).filter((value) => value < 128).length;
  assert.ok(dark > 1000 && dark < 6000, `letters cover some of the area. Received: ${dark} dark pixels`);
});

Deno.test("figures, text, tables and code that mentions data addresses pass", () => {
  const notebook = notebookOf(
    "# Text\n\n![a link](https://example.org/a.png)",
    'const address = `data:image/png;base64,${encoded}`; // "/9j/" begins a JPEG',
  );
  outputsOf(notebook, 2).push(
    { output_type: "execute_result", data: figureData, metadata: {}, execution_count: 1 },
    shown({
      "text/html": "<table><tr><td>1</td></tr></table>",
      "text/plain": "iVBORw0KGgo is how PNG begins",
    }),
    { output_type: "stream", name: "stdout", text: `${"a1b2".repeat(100)}\n` },
  );
  assertNoPhotos(notebook);
});

const plotly = "application/vnd.plotly.v1+json";
const address = `data:image/jpeg;base64,${jpeg}`;
const image = `<img src="${address}">`;
const bundle = (data: MimeBundle, metadata = {}) => showing(shown(data, metadata));
const inFigure = (data: MimeBundle) => bundle({ ...figureData, ...data });
const inPlotly = (change: object) => inFigure({ [plotly]: { ...figureData[plotly] as object, ...change } });
const printed = (text: string) => showing({ output_type: "stream", name: "stdout", text });

const planted: [Notebook, RegExp][] = [
  [bundle({ "image/jpeg": jpeg, "text/plain": "x" }), /cell 2, output 1: image\/jpeg that is no figure/],
  [bundle({ "image/png": png }), /image\/png that is no figure/],
  [bundle({ "image/webp": webp }), /image\/webp that is no figure/],
  [bundle({ "image/png": png }, { ham10000: { photo: false } }), /no figure/],
  [bundle({ "application/pdf": "JVBERi0=" }), /application\/pdf that is no figure/],
  [inFigure({ "image/jpeg": jpeg }), /image\/jpeg that is no figure/],
  [
    inFigure({ "image/svg+xml": `<svg><image href="${address}"/></svg>` }),
    /image\/svg\+xml with a data address/,
  ],
  [bundle({ "text/html": image }), /text\/html with a data address/],
  [bundle({ "text/html": `<img src="DATA:IMAGE/PNG;base64,${png}">` }), /data address/],
  [bundle({ "text/plain": address }), /text\/plain with a data address/],
  [bundle({ "text/plain": `'${png}'` }), /text\/plain with Base64 of a picture/],
  [bundle({ "application/json": { deep: [{ photo: jpeg }] } }), /application\/json with Base64/],
  [printed(webp), /output 1: Base64/],
  [printed(avif), /output 1: Base64/],
  [printed(jpeg.replace(/.{76}/g, "$&\n")), /Base64/],
  [showing({ output_type: "error", ename: "E", evalue: "", traceback: [address] }), /output 1: a data/],
  [inPlotly({ layout: { images: [{ source: "photo.jpg" }] } }), /layout\.images/],
  [inPlotly({ data: [{ type: "image", z: [[[1, 2, 3]]] }] }), /image trace/],
  [inPlotly({ frames: [{ data: [{ type: "image" }] }] }), /image trace/],
  [inPlotly({ layout: { annotations: [{ text: image }] } }), /plotly.*data address/],
  [bundle({ "text/plain": "x" }, { thumbnail: jpeg }), /output 1: Base64/],
  [notebookOf(`# T\n\n![x](${address})`), /cell 1: a data address/],
  [notebookOf("# T", `const photo = "${address}";`), /cell 2: a data address/],
  [notebookOf("# T", `const photo = "${jpeg}";`), /cell 2: Base64/],
];

Deno.test("a photo without a tag is refused with its place, wherever it hides", async () => {
  for (const [notebook, message] of planted) {
    const stripped = await withoutPhotos(notebook);
    assert.throws(() => assertNoPhotos(stripped), message);
    const named = () => assertNoPhotos(notebook, { name: "01_eda.ipynb" });
    assert.throws(named, /^Error: 01_eda\.ipynb: expected only figures/);
  }
});

Deno.test("attachments and pictures in cell or notebook metadata are refused; the error lists all places", () => {
  const notebook = notebookOf("# T", "1");
  Object.assign(notebook.cells[0], { attachments: { "photo.jpg": { "image/jpeg": jpeg } } });
  notebook.cells[1].metadata = { preview: address };
  notebook.metadata.thumbnail = png;
  const places = /cell 1: attachment photo\.jpg\n.*cell 2: a data address.*\n.*metadata: Base64/;
  assert.throws(() => assertNoPhotos(notebook), places);
});

Deno.test("a placeholder with a photo beside it is refused", () => {
  const drawn = placeholder();
  const beside = shown({ "image/png": drawn, "image/jpeg": jpeg }, photoMetadata({ alt: "x" }));
  assert.throws(() => assertNoPhotos(showing(beside)), /not replaced/);
  const hidden = shown({ "image/png": drawn, "text/plain": "x" }, {
    ...photoMetadata({ alt: "x" }),
    more: jpeg,
  });
  assert.throws(() => assertNoPhotos(showing(hidden)), /Base64/);
});

Deno.test("a photo is replaced by its drawn stand-in with a caption that says so; nothing of the photo stays", async () => {
  const red = sharp({ create: { width: 600, height: 100, channels: 3, background: "#c01020" } });
  const standIn = (await red.png().toBuffer()).toString("base64");
  const metadata = {
    ...photoMetadata({ alt: "A melanoma.", standIn }),
    "image/png": { width: 300, height: 50 },
  };
  const photo = shown({ "image/png": png, "image/jpeg": jpeg }, metadata);
  const notebook = showing(photo);
  assert.throws(() => assertNoPhotos(notebook), /not replaced/);
  const stripped = await withoutPhotos(notebook);
  assertNoPhotos(stripped);
  const text = serializeNotebook(stripped);
  for (const hidden of [png, jpeg]) assert.ok(!text.includes(hidden.slice(20, 80)));
  const [output] = outputsOf(stripped, 2);
  assert.ok(output.output_type === "display_data");
  assert.match(String(output.data["text/plain"]), /^\[A melanoma\. Drawn stand-in; photo not shown here/);
  const { data, info } = await sharp(Uint8Array.fromBase64(output.data["image/png"] as string)).removeAlpha()
    .raw().toBuffer({ resolveWithObject: true });
  assert.equal(info.width, 600);
  assert.ok(info.height > 120 && info.height < 220, `${info.height}`);
  const drawnPixels = data.subarray(0, 600 * 100 * 3);
  assert.ok(
    drawnPixels.every((value, i) => value === [0xc0, 0x10, 0x20][i % 3]),
    "the drawn picture as it was",
  );
  const dark = data.subarray(600 * 100 * 3).filter((value) => value < 128).length;
  assert.ok(dark > 1000, `a caption below. Received: ${dark} dark values`);
  const { [photoTag]: tag, "image/png": size } = output.metadata;
  assert.deepEqual(tag, photoMetadata({ alt: "A melanoma." })[photoTag]);
  assert.deepEqual(size, { width: 300, height: Math.round(info.height / 2) });
  assert.deepEqual(await withoutPhotos(notebook), stripped, "the same each time");
  assert.deepEqual(await withoutPhotos(stripped), stripped, "a published copy stays as it is");
});

Deno.test("a stand-in that is the photo itself or not a PNG is refused", async () => {
  for (const [standIn, received] of [[png, /the photo itself/], [jpeg, /something else/]] as const) {
    const notebook = showing(shown({ "image/png": png }, photoMetadata({ alt: "x", standIn })));
    await assert.rejects(withoutPhotos(notebook), { name: "TypeError", message: received });
  }
});

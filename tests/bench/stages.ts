/** The cases around the network: photos to pixels, pixels to copies, answers to metrics and intervals. */
import { basename, join } from "node:path";
import sharp from "sharp";
import { readMetadata } from "../../lib/data/metadata.ts";
import { makeStandIn } from "../../lib/data/stand_in.ts";
import { randomFor } from "../../lib/support/random.ts";
import type { Case } from "./case.ts";
import { writeArrays } from "./inputs.ts";
import { ourPeer } from "./peer.ts";
import { type Python, pythonPeer } from "./python.ts";

/** Rows of the write-up's test, and its classes. */
export const answered = { rows: 8530, classes: 7 };

/** Sides of the photos: those of the usual reduction of HAM10000, and of the release. */
const photoSides = [[200, 150], [600, 450]] as const;

interface StageOptions {
  readonly images: number;
  readonly data: string | null;
  readonly python: Python;
}

/** JPEGs to 64 × 64 pixels, Lanczos from the full resolution, all cores. @param folder of the benchmark */
export async function* decodeCases(
  folder: string,
  { images, data, python }: StageOptions,
): AsyncGenerator<Case> {
  const paths = await photoPaths(folder, { images, data });
  for (const [width, height] of photoSides) {
    const photos = join(folder, `photos_${width}`);
    await Deno.mkdir(photos);
    for (const path of paths) {
      const photo = sharp(path).resize(width, height, { fit: "fill", kernel: "cubic" });
      await photo.jpeg({ quality: 95 }).toFile(join(photos, basename(path)));
    }
    const peer = (name: string, library: string) =>
      pythonPeer(python, name, { library, program: ["decode.py", folder, photos, library] });
    yield {
      name: `decode, ${width} × ${height}`,
      images,
      programs: [
        ourPeer(["decode_ours.ts", photos]),
        ourPeer(["decode_ours.ts", photos, "--stored"], "… and stored"),
        ...peer("Pillow", "PIL"),
        ...peer("OpenCV", "cv2"),
        ...peer("torchvision", "torchvision"),
      ],
      tolerance: 0.5, // each library has a decoder and a Lanczos of its own
    };
  }
}

/** Copies of 64 × 64 images: turned, zoomed, shifted, mirrored. Each library draws its own, so their mean pixel is compared. */
export function augmentationCase(folder: string, { images, python }: StageOptions): Case {
  const peer = (name: string, library: string) =>
    pythonPeer(python, name, { library, program: ["augment.py", folder, library] });
  return {
    name: "augmentation",
    images,
    programs: [
      ourPeer(["augment_ours.ts", folder]),
      ...peer("Keras ImageDataGenerator", "keras"),
      ...peer("torchvision v2", "torchvision"),
      ...peer("albumentations", "albumentations"),
    ],
    tolerance: 0.05,
  };
}

/** Answers to metrics, and to an interval over lesions. */
export async function* evaluationCases(folder: string, { python }: StageOptions): AsyncGenerator<Case> {
  const { rows, classes } = answered;
  const random = randomFor("bench", "answers");
  const truth = Uint8Array.from({ length: rows }, () => Math.floor(classes * random()));
  const answers = Float32Array.from({ length: rows * classes }, (_, i) => {
    return random() + (i % classes === truth[Math.floor(i / classes)] ? 0.5 : 0);
  });
  for (let row = 0; row < rows; row++) {
    const own = answers.subarray(row * classes, (row + 1) * classes);
    const sum = own.reduce((a, b) => a + b);
    own.forEach((value, i) => own[i] = value / sum);
  }
  await Deno.writeFile(join(folder, "truth.u8"), truth);
  await writeArrays(join(folder, "answers.f32"), [answers]);
  // Lesions of up to six rows, as in the write-up's test.
  await writeArrays(join(folder, "lesions.f32"), [
    Float32Array.from(truth, () => Math.floor(random() * rows / 3)),
  ]);
  for (
    const [what, name, library] of [["metrics", "scikit-learn", "sklearn"], ["bootstrap", "SciPy", "scipy"]]
  ) {
    yield {
      name: what,
      images: rows,
      programs: [
        ourPeer(["evaluate_ours.ts", folder, what]),
        ...pythonPeer(python, name, { library, program: ["evaluate.py", folder, what] }),
      ],
      tolerance: what === "metrics" ? 1e-5 : 0.01, // the resamples are not the same
    };
  }
}

/** The first photos of a folder, or of as many drawn ones. @throws {RangeError} if there are not so many */
export async function photoPaths(
  folder: string,
  { images, data }: Pick<StageOptions, "images" | "data">,
): Promise<string[]> {
  const source = data ?? join(folder, "drawn");
  if (data === null) await makeStandIn(source, { seed: 0, images: Math.max(70, images) });
  const samples = (await readMetadata(source)).slice(0, images);
  if (samples.length === images) return samples.map(({ imagePath }) => join(source, imagePath));
  throw new RangeError(`${source} holds ${samples.length} photos. Received: ${images}`);
}

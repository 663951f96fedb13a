/** The cases around the network: photos to pixels, pixels to copies, answers to metrics and intervals. */
import { basename, join } from "node:path";
import sharp from "sharp";
import { readMetadata } from "../../lib/data/metadata.ts";
import { makeStandIn } from "../../lib/data/stand_in.ts";
import { randomFor } from "../../lib/support/random.ts";
import type { Case } from "./case.ts";
import { writeArrays } from "./inputs.ts";
import { programPath } from "./peer.ts";

/** Rows of the write-up's test, and its classes. */
export const answered = { rows: 8530, classes: 7 };

/** Sides of the photos: those of the usual reduction of HAM10000, and of the release. */
const photoSides = [[200, 150], [600, 450]] as const;

interface StageOptions {
  readonly images: number;
  readonly data: string | null;
  /** The peers' interpreter. */
  readonly python: string;
}

/** JPEGs to 64 × 64 pixels, Lanczos from the full resolution, all cores. @param folder of the benchmark */
export async function* decodeCases(
  folder: string,
  { images, data, python }: StageOptions,
): AsyncGenerator<Case> {
  const paths = await photoPaths(folder, { images, data });
  const withTorchvision = await loads(python, "torchvision");
  for (const [width, height] of photoSides) {
    const photos = join(folder, `photos_${width}`);
    await Deno.mkdir(photos);
    for (const path of paths) {
      const photo = sharp(path).resize(width, height, { fit: "fill", kernel: "cubic" });
      await photo.jpeg({ quality: 95 }).toFile(join(photos, basename(path)));
    }
    const peer = (name: string, library: string) => ({
      name,
      command: python,
      args: [programPath("decode.py"), folder, photos, library],
    });
    const ours = ["run", "-A", programPath("decode_ours.ts"), photos];
    yield {
      name: `decode, ${width} × ${height}`,
      images,
      programs: [
        { name: "this project", command: Deno.execPath(), args: ours },
        { name: "… and stored", command: Deno.execPath(), args: [...ours, "--stored"] },
        peer("Pillow", "pillow"),
        peer("OpenCV", "opencv"),
        ...withTorchvision ? [peer("torchvision", "torchvision")] : [],
      ],
      targets: width === 600 ? [{ peer: "Pillow", atLeast: 0.9 }] : [],
      tolerance: 0.5, // each library has a decoder and a Lanczos of its own
    };
  }
}

/** Copies of 64 × 64 images: turned, zoomed, shifted, mirrored. Each library draws its own, so their mean pixel is compared. */
export async function augmentationCase(folder: string, { images, python }: StageOptions): Promise<Case> {
  const peer = (name: string, library: string) => ({
    name,
    command: python,
    args: [programPath("augment.py"), folder, library],
    env: { KERAS_BACKEND: "tensorflow", TF_CPP_MIN_LOG_LEVEL: "3" },
  });
  return {
    name: "augmentation",
    images,
    programs: [
      {
        name: "this project",
        command: Deno.execPath(),
        args: ["run", "-A", programPath("augment_ours.ts"), folder],
      },
      peer("Keras ImageDataGenerator", "keras"),
      ...await loads(python, "torchvision") ? [peer("torchvision v2", "torchvision")] : [],
      peer("albumentations", "albumentations"),
    ],
    targets: [{ peer: null, atLeast: 1 }],
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
  for (const [what, library] of [["metrics", "scikit-learn"], ["bootstrap", "SciPy"]]) {
    yield {
      name: what,
      images: rows,
      programs: [
        {
          name: "this project",
          command: Deno.execPath(),
          args: ["run", "-A", programPath("evaluate_ours.ts"), folder, what],
        },
        { name: library, command: python, args: [programPath("evaluate.py"), folder, what] },
      ],
      targets: [{ peer: null, atLeast: 1 }],
      tolerance: what === "metrics" ? 1e-5 : 0.01, // the resamples are not the same
    };
  }
}

/** Whether a library loads: torchvision's build of the usual index does not beside a PyTorch that was built for CPUs alone. */
async function loads(python: string, library: string): Promise<boolean> {
  const { success } = await new Deno.Command(python, { args: ["-c", `import ${library}`], stderr: "null" })
    .output();
  if (!success) console.log(`${library} does not load: it takes no part`);
  return success;
}

async function photoPaths(
  folder: string,
  { images, data }: Pick<StageOptions, "images" | "data">,
): Promise<string[]> {
  const source = data ?? join(folder, "drawn");
  if (data === null) await makeStandIn(source, { seed: 0, images: Math.max(70, images) });
  const samples = (await readMetadata(source)).slice(0, images);
  if (samples.length === images) return samples.map(({ imagePath }) => join(source, imagePath));
  throw new RangeError(`${source} holds ${samples.length} photos. Received: ${images}`);
}

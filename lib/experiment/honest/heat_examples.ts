/** Right and wrong predictions of the honest model, each photo beside its Grad-CAM heat map. */
import { drawnPhoto } from "../../data/drawn_lesion.ts";
import { argmaxRows } from "../../evaluation/metrics.ts";
import { gradCam, withHeat } from "../../model/grad_cam.ts";
import { percent } from "../../support/format.ts";
import type { LabelledImage } from "../augmentation_samples.ts";
import { photoOf } from "../experiment.ts";
import type { HonestSelection } from "./selection.ts";
import type { HonestTest } from "./testing.ts";

/**
 * The most confident right prediction and the most confident error of each class, each as a photo and with the heat map of the
 * prediction. `standIns` has drawn lesions instead, for published copies that may not show photos.
 */
export async function heatExamples(
  { experiment, model, choice: { size } }: Pick<HonestSelection, "experiment" | "model" | "choice">,
  { own: { photos, rows: { truth, probabilities, classes } } }: HonestTest,
): Promise<{ pictures: LabelledImage[]; standIns: LabelledImage[] }> {
  const { images, source, config } = experiment;
  const predicted = argmaxRows(probabilities, classes);
  const sureness = (i: number) => probabilities[i * classes + predicted[i]];
  const chosen = source.classes.flatMap((_, label) => {
    const own = photos.map((_, i) => i).filter((i) => truth[i] === label).sort((a, b) =>
      sureness(b) - sureness(a)
    );
    const isRight = (i: number) => predicted[i] === label;
    return [own.find(isRight), own.find((i) => !isRight(i))].filter((i) => i !== undefined);
  });
  const pairOf = async (pixels: Uint8Array, i: number): Promise<LabelledImage[]> => {
    const [dx, answer] = [truth[i], predicted[i]].map((label) => source.classes[label].code);
    const said = `${dx === answer ? `${dx} ✓` : `${dx} → ${answer}`} ${percent(sureness(i), 0)}`;
    const heat = await gradCam(model, pixels, predicted[i]);
    const shared = { size, row: dx };
    return [
      { ...shared, pixels: pixels.slice(), label: said },
      { ...shared, pixels: withHeat(pixels, heat), label: "heat" },
    ];
  };
  const pictures: LabelledImage[] = [];
  const standIns: LabelledImage[] = [];
  for (const i of chosen) {
    pictures.push(...await pairOf(photoOf(images, photos[i]), i));
    standIns.push(
      ...await pairOf(await drawnPhoto(source.classes[truth[i]].code, { seed: config.seed + i, size }), i),
    );
  }
  return { pictures, standIns };
}

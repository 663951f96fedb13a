/** The network as a table: what 04 shows. */
import type { ImageSize } from "../image_size.ts";
import type { Depth } from "../recipe.ts";
import {
  cutLength,
  cutOf,
  frozenLayers,
  type Layer,
  layers,
  outputShapes,
  parameterCount,
} from "../model/architecture.ts";

export interface LayerRow {
  readonly name: string;
  /** Height × width × channels of its output. */
  readonly shape: string;
  readonly parameters: number;
  readonly trained: boolean;
}

/** VGG16's layers for images of one size, frozen, and the softmax over `classes` behind them. */
export function layerTable(size: ImageSize, classes: number): LayerRow[] {
  const shapes = outputShapes(size);
  const features = cutLength("flatten", size);
  return [
    ...layers.map((layer, index) => ({
      name: layer.name,
      shape: shapes[index].shape.join(" × "),
      parameters: parameterCount([layer]),
      trained: false,
    })),
    { name: "flatten", shape: `${features}`, parameters: 0, trained: false },
    { name: "softmax", shape: `${classes}`, parameters: (features + 1) * classes, trained: true },
  ];
}

/** The layers that a depth trains, besides the softmax. */
export function trainedLayers(depth: Depth): readonly Layer[] {
  return layers.slice(frozenLayers(cutOf(depth)).length);
}

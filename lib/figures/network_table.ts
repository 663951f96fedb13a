/** A network as a table, as Keras' `summary` shows it. */
import { frozenLayers, inputLength, layers, outputShapes, parameterCount } from "../model/vgg16.ts";
import type { Depth } from "../recipe.ts";
import type { Model } from "../training/model.ts";
import { thousands } from "../support/format.ts";
import { type Table, table } from "./table.ts";

/** The layers of a model with their output shapes and parameters, and which are trained from `depth` on. */
export function layerTable({ size, classes }: Pick<Model, "size" | "classes">, depth: Depth): Table {
  const shapes = outputShapes(size);
  const frozen = frozenLayers(depth).length;
  const features = inputLength("head", size);
  const rows = [
    ...layers.map((layer, index) => ({
      ...{ name: layer.name, shape: shapes[index].shape.join(" × "), parameters: parameterCount([layer]) },
      state: index < frozen ? "frozen" : "trained",
    })),
    { name: "flatten", shape: thousands(features), parameters: 0, state: "" },
    { name: "predictions", shape: `${classes}`, parameters: (features + 1) * classes, state: "trained" },
  ];
  return table(rows, [
    { value: "name", title: "layer" },
    { value: "shape", title: "output", align: "right" },
    { value: "parameters", title: "parameters" },
    { value: "state", title: "weights" },
  ], { caption: "VGG16 without top, and the softmax after it" });
}

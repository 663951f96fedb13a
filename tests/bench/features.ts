/** The case "features": VGG16's activations of images, from uint8 pixels to float32, by this project and its peers. */
import type { Case } from "./case.ts";
import { programPath } from "./peer.ts";

/**
 * @param folder where `writeInputs` wrote pixels and weights
 * @param python the peers' interpreter
 */
export function featuresCase(folder: string, { images, python }: { images: number; python: string }): Case {
  const ours = ["run", "-A", programPath("run_ours.ts"), folder];
  return {
    name: "features",
    images,
    programs: [
      { name: "this project", command: Deno.execPath(), args: ours },
      { name: "… and stored", command: Deno.execPath(), args: [...ours, "--stored"] },
      { name: "ONNX Runtime", command: python, args: [programPath("run_onnxruntime.py"), folder] },
      { name: "OpenVINO", command: python, args: [programPath("run_openvino.py"), folder] },
      {
        name: "Keras predict",
        command: python,
        args: [programPath("run_keras.py"), folder],
        env: { KERAS_BACKEND: "tensorflow", TF_CPP_MIN_LOG_LEVEL: "3" },
      },
    ],
    targets: [{ peer: "ONNX Runtime", atLeast: 0.9 }, { peer: "Keras predict", atLeast: 1.5 }],
  };
}

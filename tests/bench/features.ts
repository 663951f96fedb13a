/** The case "features": VGG16's activations of images, from uint8 pixels to float32, by this project and its peers. */
import type { Precision } from "../../lib/config.ts";
import type { Case } from "./case.ts";
import { ourPeer } from "./peer.ts";
import { type Python, pythonPeer } from "./python.ts";

/** @param folder where `writeInputs` wrote pixels and weights */
export function featuresCase(
  folder: string,
  { images, python, precision }: { images: number; python: Python; precision: Precision },
): Case {
  const peer = (name: string, library: string, ...[file, ...args]: string[]) =>
    pythonPeer(python, name, { library, program: [file, folder, precision, ...args] });
  return {
    name: "features",
    precision,
    images,
    programs: [
      ourPeer(["run_ours.ts", folder, precision]),
      ourPeer(["run_ours.ts", folder, precision, "--stored"], "… and stored"),
      ...precision === "float32" ? peer("ONNX Runtime", "onnxruntime", "run_onnxruntime.py") : [], // has no bfloat16 on CPUs
      ...peer("OpenVINO", "openvino", "run_openvino.py"),
      ...peer("Keras predict", "keras", "run_keras.py"),
      ...Object.entries(python.pytorch).flatMap(([name, way]) => peer(name, "torch", "run_pytorch.py", way)),
    ],
    tolerance: precision === "float32" ? 1e-3 : 0.05,
  };
}

/** The doctor's finding about the GPU. */
import { type Adapter, adapterText, noAdapterText } from "../support/engine/adapter.ts";
import type { Finding } from "./finding.ts";

/** A GPU is used only if it is asked for, because only measuring tells whether it is faster. */
export function gpuFinding(adapter: Adapter | null, { isChosen }: { isChosen: boolean }): Finding {
  const subject = "gpu";
  if (!adapter) {
    const todo = noAdapterText();
    if (isChosen) return { status: "broken", subject, text: "no adapter, but WebGPU is to compute", todo };
    return { status: "note", subject, text: "no adapter; only --engine webgpu needs one", todo };
  }
  const text = adapterText(adapter);
  if (adapter.isSoftware) {
    return {
      status: "note",
      subject,
      text: `${text}, slower than all other engines`,
      ...isChosen && { todo: "unset HAM10000_ENGINE" },
    };
  }
  if (isChosen) return { status: "ok", subject, text };
  const how = "deno task doctor --measure says how fast it is; --engine webgpu computes on it";
  return { status: "ok", subject, text: `${text}, never chosen by itself\n${how}` };
}

/** Finds and names the GPU that WebGPU would compute on, and recognises software that only imitates one. */

/** What is known about a GPU. */
export interface Adapter {
  /** The driver's name for it: `NVIDIA H100 80GB HBM3`, `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly name: string;
  /** Its maker, or the maker's PCI number. */
  readonly vendor: string;
  /** The model's PCI number; 0 for software. */
  readonly device: string;
  /** Version of its driver; `unknown` if the system does not tell it. */
  readonly driver: string;
  /** Whether it computes on the CPU: for tests, not for speed. */
  readonly isSoftware: boolean;
}

/** Makers by the numbers that drivers report, mostly PCI vendor numbers. */
const vendors: Readonly<Record<string, string>> = {
  ...{ 4318: "NVIDIA", 4098: "AMD", 32902: "Intel", 4203: "Apple", 5045: "Arm", 20803: "Qualcomm" },
  ...{ 5140: "Microsoft", 6880: "Google", 65541: "Mesa" },
};

/**
 * The fastest adapter, looked for once; null if there is none or if Deno was started without WebGPU.
 *
 * Under Linux only Vulkan is asked, unless `DENO_WEBGPU_BACKEND` says otherwise. OpenGL lacks features, and asking it takes time.
 */
export function findAdapter(): Promise<GPUAdapter | null> {
  return found ??= find();
}

let found: Promise<GPUAdapter | null> | undefined;

async function find(): Promise<GPUAdapter | null> {
  if (Deno.build.os === "linux" && !Deno.env.get("DENO_WEBGPU_BACKEND")) {
    Deno.env.set("DENO_WEBGPU_BACKEND", "vulkan");
  }
  return await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" }) ?? null;
}

/** Describes an adapter by the info that WebGPU gives. */
export function describeAdapter(
  { description, vendor, device, isFallbackAdapter }: Pick<
    GPUAdapterInfo,
    "description" | "vendor" | "device" | "isFallbackAdapter"
  >,
): Adapter {
  const maker = vendors[vendor] ?? (vendor || "unknown");
  return {
    name: description || `${maker} ${device}`.trim(),
    vendor: maker,
    device: device || "0",
    driver: maker === "NVIDIA" ? nvidiaDriver() : "unknown",
    isSoftware: isFallbackAdapter || /llvmpipe|lavapipe|swiftshader|basic render/i.test(description),
  };
}

/** Under Linux the kernel tells the version of NVIDIA's driver. Nothing tells that of Mesa's or of other systems' drivers. */
function nvidiaDriver(): string {
  try {
    return Deno.readTextFileSync("/sys/module/nvidia/version").trim();
  } catch {
    return "unknown";
  }
}

/** An adapter in words: `NVIDIA H100 80GB HBM3 (NVIDIA, driver 550.54.15)`. */
export function adapterText({ name, vendor, driver, isSoftware }: Adapter): string {
  if (isSoftware) return `${name}, a software adapter: it computes on the CPU`;
  return `${name} (${vendor}${driver === "unknown" ? "" : `, driver ${driver}`})`;
}

/** Why there is no adapter, and what to do. */
export function noAdapterText(os: typeof Deno.build.os = Deno.build.os): string {
  if (!navigator.gpu) {
    return "WebGPU is off in this process. Start it with this project's deno.json, or with --unstable-webgpu";
  }
  const todo = os === "linux"
    ? "install the GPU's driver with Vulkan: NVIDIA's own with libvulkan1, or for AMD, Intel and to try it without " +
      "a GPU: apt install mesa-vulkan-drivers"
    : "only the GPU's driver is needed: update it";
  return `WebGPU finds no adapter on this machine: ${todo}. Or leave out --engine webgpu and HAM10000_ENGINE`;
}

/**
 * The way from TensorFlow's Python wheel. tfjs-node's addon was written for the C library, but the wheel's C++ library serves it
 * as well. It is newer, and it comes through pip, which works behind mirrors and where only a package index can be reached.
 * Python is used for nothing else: any Python 3 with pip will do.
 */
import { dirname, join } from "node:path";
import { freeSpace } from "../download.ts";
import { findProgram, runCommand } from "./command.ts";
import { addonPath, platform, type Way } from "./installation.ts";

/** TensorFlow's version in the wheel. */
export const wheelVersion = "2.21.0";

/** One wheel per platform, for every Python: the libraries taken from it do not depend on Python. */
const wheels: Record<string, { project: string; tag: string; sha256: string }> = {
  "linux-x64": {
    project: "tensorflow-cpu",
    tag: "manylinux_2_27_x86_64",
    sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
  },
  "linux-arm64": {
    project: "tensorflow",
    tag: "manylinux_2_27_aarch64",
    sha256: "b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552",
  },
};

const libraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

/** TensorFlow's wheel through pip and a C++ compiler: Linux on x64 and arm64; 275 MB to download, about a minute. */
export const wheelWay: Way = {
  name: "wheel",
  title: `TensorFlow ${wheelVersion}'s wheel (pip and a C++ compiler)`,

  async obstacle(packageFolder) {
    if (!wheels[platform]) return `there is no wheel with the libraries for ${platform}`;
    if (!findPython()) return "Python 3 is not on the PATH (Debian, Ubuntu: apt install python3-pip)";
    if (!findCompiler()) return "no C++ compiler is on the PATH (Debian, Ubuntu: apt install g++)";
    const free = await freeSpace(packageFolder) / 1e9;
    return free < 2
      ? `it needs 2 GB while installing and 1 GB afterwards. Received: ${free.toFixed(1)} GB free`
      : null;
  },

  async install(packageFolder, stage, onProgress) {
    const { project, tag, sha256 } = wheels[platform];
    const [python, compiler] = [findPython(), findCompiler()];
    if (!python || !compiler) throw new Error("Python 3 or the C++ compiler is gone from the PATH");
    const unpacked = join(stage, "wheel");
    const temporary = join(stage, "temporary"); // pip's files: their growth is seen, and they are removed with the stage
    await Deno.mkdir(temporary);
    const requirements = join(temporary, "requirements.txt");
    await Deno.writeTextFile(requirements, `${project}==${wheelVersion} --hash=sha256:${sha256}\n`);
    onProgress(`downloading ${project} ${wheelVersion} with pip (about 275 MB) and unpacking it (1.3 GB)`);
    await runCommand(python, [
      ...["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"],
      ...["--no-deps", "--no-compile", "--only-binary=:all:", "--implementation", "cp"],
      ...[
        "--python-version",
        "3.12",
        "--abi",
        "cp312",
        "--platform",
        tag,
        "--timeout",
        "20",
        "--retries",
        "2",
      ],
      ...["--require-hashes", "-r", requirements, "--target", unpacked],
    ], {
      env: { TMPDIR: temporary, PIP_USER: "0", PIP_REQUIRE_VIRTUALENV: "0" }, // overrides settings that exclude --target
      step: "downloading and unpacking the wheel",
      grows: stage,
      patience: 120,
      onProgress,
    });
    const lib = join(stage, "deps", "lib");
    await Deno.mkdir(lib, { recursive: true });
    for (const name of libraries) await Deno.rename(join(unpacked, "tensorflow", name), join(lib, name));

    const addon = join(stage, addonPath);
    await Deno.mkdir(dirname(addon), { recursive: true });
    const { default: nodeApi } = await import("node-api-headers");
    onProgress(`compiling the addon with ${compiler} (about 10 s)`);
    await runCommand(compiler, [
      ...["-std=c++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8"],
      ...["-I", join(unpacked, "tensorflow", "include"), "-I", nodeApi.include_dir],
      ...["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(packageFolder, "binding", name)),
      ...["-L", lib, ...libraries.map((name) => `-l:${name}`)],
      ...["-Wl,-rpath,$ORIGIN/../../deps/lib", "-o", addon],
    ], { step: "compiling the addon" });
  },
};

function findPython(): string | null {
  return findProgram(["python3", "python"]);
}

function findCompiler(): string | null {
  return findProgram(["g++", "c++", "clang++"]);
}

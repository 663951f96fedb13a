/**
 * The way from TensorFlow's Python wheel: its C++ library serves tfjs-node's addon as well as the C library does that the
 * addon was written for, it is newer, and it comes through pip, which works behind mirrors and where only a package
 * index can be reached. Python itself is used for nothing else: any Python 3 that has pip will do.
 */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { compileAddon, findCompiler } from "./addon.ts";
import { findProgram, runCommand } from "./command.ts";
import type { Way } from "./install_way.ts";
import { platform } from "./installation.ts";

/** TensorFlow's version in the wheel. */
export const wheelVersion = "2.21.0";

/** One wheel per platform, whatever Python is here: the libraries taken from it do not depend on Python. */
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

/** The headers behind `tensorflow/c/c_api.h` and `tensorflow/c/eager/c_api.h`: 1 MB of the wheel's 287. */
const headers = ["tensorflow/c/", "tensorflow/core/platform/", "tsl/platform/", "xla/tsl/c/"];

/** Unpacks members of a wheel by prefix: arguments wheel, then pairs of prefix and target folder. */
const unpack = `
import os, shutil, sys, zipfile
wheel, *pairs = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        for prefix, target in zip(pairs[::2], pairs[1::2]):
            if name.startswith(prefix) and not name.endswith("/"):
                path = os.path.join(target, name[name.rindex("/") + 1:] if name == prefix else name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with archive.open(name) as source, open(path, "wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
`;

/** TensorFlow's wheel through pip and a C++ compiler: Linux on x64 and arm64; 275 MB to download, 30 to 60 seconds. */
export const wheelWay: Way = {
  name: "wheel",
  title: `TensorFlow ${wheelVersion}'s wheel (pip and a C++ compiler)`,

  async obstacle({ packageFolder }) {
    if (!wheels[platform]) return `there is no wheel with the libraries for ${platform}`;
    if (!findPython()) return "Python 3 is not on the PATH (Debian, Ubuntu: apt install python3-pip)";
    if (!findCompiler()) return "no C++ compiler is on the PATH (Debian, Ubuntu: apt install g++)";
    const { bavail, bsize } = await statfs(packageFolder);
    const free = (bavail * bsize) / 1e9;
    return free < 2 ? `it takes 2 GB for a while, 1 GB for good. Received: ${free.toFixed(1)} GB free` : null;
  },

  async install({ packageFolder, stage, onProgress }) {
    const python = findPython();
    if (!python) throw new Error("Python 3 is not on the PATH");
    const { project, tag, sha256 } = wheels[platform];
    const download = join(stage, "download");
    const temporary = join(download, "temporary");
    await Deno.mkdir(temporary, { recursive: true });
    const requirements = join(download, "requirements.txt");
    await Deno.writeTextFile(requirements, `${project}==${wheelVersion} --hash=sha256:${sha256}\n`);
    onProgress(`downloading ${project} ${wheelVersion} with pip (about 275 MB)`);
    await runCommand(python, [
      ...["-m", "pip", "download", "--disable-pip-version-check", "--progress-bar", "off"],
      ...["--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", "3.12"],
      ...["--abi", "cp312", "--platform", tag, "--timeout", "20", "--retries", "2"],
      ...["--require-hashes", "-r", requirements, "-d", download],
    ], {
      env: { TMPDIR: temporary },
      step: "downloading the wheel",
      grows: temporary,
      patience: 120,
      onProgress,
    });
    const wheel = Array.from(Deno.readDirSync(download)).find((entry) => entry.name.endsWith(".whl"));
    if (!wheel) throw new Error("downloading the wheel: pip reported success but left no .whl file");

    onProgress("unpacking TensorFlow's libraries (about 850 MB)");
    const lib = join(stage, "deps", "lib");
    const pairs = libraries.flatMap((name) => [`tensorflow/${name}`, lib]);
    pairs.push(...headers.flatMap((folder) => [`tensorflow/include/${folder}`, download]));
    await runCommand(python, ["-c", unpack, join(download, wheel.name), ...pairs], {
      step: "unpacking the wheel",
      grows: stage,
      onProgress,
    });
    const include = join(download, "tensorflow", "include");
    await compileAddon(packageFolder, { stage, headers: include, libraries, onProgress });
    await Deno.remove(download, { recursive: true });
  },
};

function findPython(): string | null {
  return findProgram(["python3", "python"]);
}

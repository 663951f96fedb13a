#!/usr/bin/env bash
# tests/bench/webgpu_package.sh [FILE]: packs all that webgpu.ts needs into one archive (default: outputs/webgpu_bench.tar.gz),
# for a Linux machine of this processor with NVIDIA's driver, without network and without anything else of ours. There:
#
#     tar xzf webgpu_bench.tar.gz && webgpu_bench/run.sh > webgpu.json
#
# Deno, this project's code, TensorFlow.js, and from Debian the Vulkan loader with the X libraries that NVIDIA's driver asks for.
# To be called on Debian or Ubuntu, after `deno install`.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
target=$(realpath -m "${1:-$root/outputs/webgpu_bench.tar.gz}")
most=$((64 * 1024 * 1024)) # bytes of the archive
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage=$work/webgpu_bench
mkdir -p "$stage/libraries" "$stage/node_modules/@tensorflow" "$work/debian" "$(dirname "$target")"

deno=${DENO:-deno}
cp "$("$deno" eval 'console.log(Deno.execPath())')" "$stage/deno"

cd "$root"
cp -r --parents lib tests/bench/webgpu.ts tests/model/images.ts tests/training/keras_cases.ts \
  tests/fixtures/keras_training/keras_training.json tests/fixtures/vgg16/noise_divide255.f32 "$stage"
echo '{}' >"$stage/package.json" # packages are found in node_modules beside it

module() { # name and version of a package: its manifest and the one file that Node loads, or all of a small one
  local from=$root/node_modules/.deno/${1/\//+}@$2/node_modules/$1 to=$stage/node_modules/$1 main
  mkdir -p "$to"
  main=$(sed -n 's/^ *"main": *"\(.*\)".*/\1/p' "$from/package.json")
  if [[ $1 == @tensorflow/* ]]; then
    cp "$from/package.json" "$to" && mkdir -p "$to/dist" && cp "$from/$main" "$to/dist"
  else
    cp -r "$from/." "$to"
  fi
}
for name in tfjs tfjs-{core,layers,data,converter} tfjs-backend-{cpu,webgl,webgpu}; do
  module "@tensorflow/$name" 4.22.0
done
module h5wasm 0.10.3
module long 4.0.0
module seedrandom 3.0.5
module string_decoder 1.3.0
module safe-buffer 5.2.1
module node-fetch 2.6.13
module whatwg-url 5.0.0
module tr46 0.0.3
module webidl-conversions 3.0.1

cd "$work/debian"
apt-get download -qq libvulkan1 libx11-6 libxext6 libxcb1 libxau6 libxdmcp6 libbsd0 libmd0
for package in *.deb; do dpkg-deb -x "$package" .; done
find usr -name '*.so.*' -exec cp -d {} "$stage/libraries" \;

cat >"$stage/run.sh" <<'EOF'
#!/bin/sh
# Measures this machine's GPU and prints JSON. Flags are those of tests/bench/webgpu.ts: --help.
here=$(cd "$(dirname "$0")" && pwd)
export LD_LIBRARY_PATH="$here/libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export DENO_DIR="$here/deno_dir" DENO_NO_UPDATE_CHECK=1 NO_COLOR=1
: "${XDG_RUNTIME_DIR:=$here}"
export XDG_RUNTIME_DIR
# A container may have NVIDIA's driver without the file that names it to Vulkan.
if ! ls /usr/share/vulkan/icd.d/*nvidia* /etc/vulkan/icd.d/*nvidia* >/dev/null 2>&1; then
  for name in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
    library=$(find /usr/lib /usr/lib64 /usr/local/nvidia -name "$name" 2>/dev/null | head -n 1)
    [ -n "$library" ] || continue
    echo '{"file_format_version": "1.0.0", "ICD": {"library_path": "'"$library"'", "api_version": "1.3.0"}}' >"$here/nvidia.json"
    export VK_ADD_DRIVER_FILES="$here/nvidia.json"
    break
  done
fi
exec "$here/deno" run --quiet --allow-all --no-config --no-lock --no-remote --cached-only --no-check \
  --node-modules-dir=manual --unstable-webgpu "$here/tests/bench/webgpu.ts" "$@"
EOF
chmod +x "$stage/run.sh" "$stage/deno"

tar --create --file - --directory "$work" --owner 0 --group 0 webgpu_bench | gzip -9 >"$target"
bytes=$(stat --format %s "$target")
echo "$target: $((bytes / 1024 / 1024)) MiB"
[ "$bytes" -lt "$most" ] || { echo "Expected less than 64 MiB. Received: $bytes bytes" >&2; exit 1; }

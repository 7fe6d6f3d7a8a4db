#!/bin/sh
# Compiles the simulated device that the tests run on, where a compiler can; Maven runs this by JavaCPP's plugin.
# $1: build folder. Without CMake or a compiler it says so in one line and succeeds: the tests are then skipped, or fail
# where -Dvesalius.require names cuda. What failed to compile fails the build.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
out=$build/simulated
log=$build/simulated.log
mkdir -p "$build" "$out"
# Whoever comes second waits, and finds the work done.
if command -v flock >/dev/null 2>&1; then
  exec 9>"$1/simulated.lock"
  flock 9
fi
printf 'vesalius simulated image\n' >"$out/image.txt"

without() {
  rm -f "$out"/lib*
  echo "[WARNING] no simulated device for the tests of cuda: $1; install CMake 3.18 or later and GCC 12 or later"
  exit 0
}

[ "$(uname -sm)" = "Linux x86_64" ] || without "it is written for Linux on x86-64"
command -v cmake >/dev/null 2>&1 || without "cmake is not on the PATH"
command -v g++ >/dev/null 2>&1 || without "g++ is not on the PATH"

configure() {
  cmake -S "$here/cpp" -B "$build/simulated-cmake" -DCMAKE_CXX_COMPILER=g++ >"$log" 2>&1
}
# A folder that was configured elsewhere is useless; a second failure is the compiler's.
configure || { rm -rf "$build/simulated-cmake" && configure; } || without "CMake found no compiler that will do ($log says more)"

if ! cmake --build "$build/simulated-cmake" --target cuda cublas cublasLt -j 2 >>"$log" 2>&1; then
  cat "$log" >&2
  echo "[ERROR] the simulated device does not compile; the compiler's words stand above" >&2
  exit 1
fi
for library in libcuda.so.1 libvesalius_simulated_kernels.so libcublas.so.12 libcublasLt.so.12; do
  built=$(find "$build/simulated-cmake" -name "$library" | head -n 1)
  [ -n "$built" ] || { echo "[ERROR] $library was not built" >&2; exit 1; }
  # Renamed into place, because a process may have the old one loaded.
  cmp -s "$built" "$out/$library" || { cp -L "$built" "$out/new" && mv "$out/new" "$out/$library"; }
done

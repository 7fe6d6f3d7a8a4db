#!/bin/sh
# Compiles the native kernels, where a compiler can; Maven runs this by JavaCPP's plugin, which sets PLATFORM.
# $1: build folder, $2: class folder. A build without the library succeeds and says why in one line; what failed to
# compile fails the build.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
out=$2/org/vesalius/nativekernels/$PLATFORM
log=$build/build.log
mkdir -p "$build" "$out"
# Whoever comes second waits, and finds the work done.
if command -v flock >/dev/null 2>&1; then
  exec 9>"$build/build.lock"
  flock 9
fi

without() {
  rm -f "$out"/*vesalius.*
  printf '%s\n' "$1" >"$out/missing.txt"
  echo "[WARNING] no native kernels for $PLATFORM in this build: $1"
  exit 0
}

remedy="install CMake 3.18 or later and GCC 12 or Clang 16 or later, and build again"
command -v cmake >/dev/null 2>&1 || without "cmake is not on the PATH; $remedy"
command -v "${CXX:-c++}" >/dev/null 2>&1 || command -v g++ >/dev/null 2>&1 || command -v clang++ >/dev/null 2>&1 ||
  without "no C++ compiler is on the PATH; $remedy"

configure() {
  # shellcheck disable=SC2086 # several options in one variable
  cmake -S "$here" -B "$build/cmake" ${VESALIUS_CMAKE_OPTIONS:-} >"$log" 2>&1
}
# A folder that was configured elsewhere or for another compiler is useless; a second failure is the compiler's.
configure || { rm -rf "$build/cmake" && configure; } || without "CMake found no compiler that will do (native/target/build.log says more); $remedy"

if ! cmake --build "$build/cmake" --target vesalius -j 2 >>"$log" 2>&1; then
  cat "$log" >&2
  echo "[ERROR] the native kernels do not compile; the compiler's words stand above" >&2
  exit 1
fi

rm -f "$out/missing.txt"
for library in "$build"/cmake/libvesalius.so "$build"/cmake/libvesalius.dylib; do
  [ -f "$library" ] || continue
  # Untouched where nothing changed, so that nothing after this is built again.
  cmp -s "$library" "$out/${library##*/}" || { cp "$library" "$out/new" && mv "$out/new" "$out/${library##*/}"; }
done

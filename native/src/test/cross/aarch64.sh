#!/usr/bin/env bash
# Builds the native contract test for AArch64 with Debian's cross compiler and runs it under qemu-user.
# aarch64.sh [ARGUMENT...]: arguments go to the test. VESALIUS_BUILD names a build folder to keep.
# Exit code: the test's; 77 when the compiler, cmake or qemu is missing (one line says which).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
native=$(cd "$here/../../.." && pwd)
missing() {
  echo "aarch64: skipped: $1" >&2
  exit 77
}
command -v cmake >/dev/null || missing "no cmake on the PATH"
command -v aarch64-linux-gnu-g++ >/dev/null || missing "no aarch64-linux-gnu-g++ on the PATH; install g++-aarch64-linux-gnu"
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) ||
  missing "no qemu-aarch64 on the PATH; install qemu-user or qemu-user-static"

build=${VESALIUS_BUILD:-}
if [[ -z $build ]]; then
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
fi
log=$(mktemp)
{
  cmake -S "$native" -B "$build" -DCMAKE_TOOLCHAIN_FILE="$here/aarch64.cmake" -DVESALIUS_TESTS=ON \
    -DCMAKE_EXE_LINKER_FLAGS=-static && cmake --build "$build" --target contract_test -j "$(nproc)"
} >"$log" 2>&1 || {
  cat "$log" >&2
  rm -f "$log"
  echo "aarch64: the contract test does not build" >&2
  exit 1
}
rm -f "$log"
code=0
"$qemu" -cpu max "$build/contract_test" "$@" || code=$?
[[ $code == 0 ]] && echo "aarch64: passed" || echo "aarch64: failed with $code" >&2
exit "$code"

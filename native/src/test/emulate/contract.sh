#!/usr/bin/env bash
# Builds the native contract test without shared libraries and runs it under emulation, once for each tier.
# contract.sh [TIER...]: avx512 and amx unless others are named. VESALIUS_BUILD names a build folder to keep.
# Exit code: 0 when every tier passed, 77 when something needed is missing (one line says what), else the first failure's.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
native=$(cd "$here/../../.." && pwd)
missing() {
  echo "emulate: skipped: $1" >&2
  exit 77
}
command -v cmake >/dev/null || missing "no cmake on the PATH"
command -v "${CXX:-c++}" >/dev/null || missing "no ${CXX:-c++} on the PATH"
command -v "${BOCHS:-bochs}" >/dev/null ||
  missing "no ${BOCHS:-bochs} on the PATH; install Bochs 3.1 or later, or name it by BOCHS"

build=${VESALIUS_BUILD:-}
if [[ -z $build ]]; then
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
fi
log=$(mktemp)
{
  cmake -S "$native" -B "$build" -DVESALIUS_TESTS=ON -DCMAKE_EXE_LINKER_FLAGS=-static &&
    cmake --build "$build" --target contract_test -j "$(nproc)"
} >"$log" 2>&1 || {
  cat "$log" >&2
  rm -f "$log"
  echo "emulate: the contract test does not build" >&2
  exit 1
}
rm -f "$log"

[[ $# -gt 0 ]] || set -- avx512 amx
export EMULATE_SECONDS=${EMULATE_SECONDS:-3600}
failure=0
for tier in "$@"; do
  code=0
  VESALIUS_ISA=$tier "$here/run.sh" "$build/contract_test" || code=$?
  [[ $code != 77 ]] || exit 77
  [[ $code == 0 ]] && echo "emulate: $tier passed" || echo "emulate: $tier failed with $code" >&2
  [[ $failure != 0 ]] || failure=$code
done
exit "$failure"

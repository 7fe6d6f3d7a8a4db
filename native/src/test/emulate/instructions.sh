#!/usr/bin/env bash
# Shows and checks what the emulator makes of the instructions that the tiers avx512 and amx are built on.
# Exit code: 0 when all is as the Intel SDM says, 77 when something needed is missing (one line says what).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v "${CC:-gcc}" >/dev/null || { echo "emulate: skipped: no ${CC:-gcc} on the PATH" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CC:-gcc}" -O2 -static -ffp-contract=off -Wall -Werror -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni \
  -mavx512bf16 -mamx-tile -mamx-int8 -mamx-bf16 -mfma -o "$work/instructions" "$here/instructions.c" -lm
"$here/run.sh" "$work/instructions"

#!/usr/bin/env bash
# Runs a statically linked, single-threaded Linux x86-64 program under Bochs and gives its output and exit code.
# README.md says what is needed and what the environment can say. Exit codes of this script: the program's; 128 + N when
# signal N ended it; 124 after EMULATE_SECONDS; 125 when the emulator failed; 77 when something needed is missing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
missing() {
  echo "emulate: skipped: $1" >&2
  exit 77
}

[[ $# -ge 1 ]] || { echo "usage: ${0##*/} PROGRAM [ARGUMENT...]" >&2; exit 2; }
[[ -f $1 ]] || { echo "emulate: no such program: $1" >&2; exit 2; }

bochs=$(command -v "${BOCHS:-bochs}") || missing "no ${BOCHS:-bochs} on the PATH; install Bochs 3.1 or later, or name it by BOCHS"
compiler=${CC:-gcc}
for tool in "$compiler" objcopy timeout; do
  command -v "$tool" >/dev/null || missing "no $tool on the PATH; install GCC, binutils and coreutils"
done

# First file of those given that exists.
first() {
  local path
  for path in "$@"; do
    if [[ -f $path ]]; then
      echo "$path"
      return
    fi
  done
}
beside=$(dirname "$(dirname "$bochs")")/share
bios=$(first ${BXSHARE:+"$BXSHARE/BIOS-bochs-latest"} {"$beside",/usr/share,/usr/local/share}/bochs/BIOS-bochs-latest)
[[ -n $bios ]] || missing "no BIOS-bochs-latest; install bochsbios, or name its folder by BXSHARE"
share=$(dirname "$bios")
vga=$(first "$share"/VGABIOS-lgpl-latest.bin "$share"/VGABIOS-lgpl-latest {"$beside",/usr/share}/vgabios/vgabios.bin)
[[ -n $vga ]] || missing "no VGABIOS-lgpl-latest beside $bios; install vgabios"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$1" "$work/program"
shift
printf '%s\0' program "$@" >"$work/arguments"
# Of the environment, what concerns Vesalius, and what EMULATE_ENVIRONMENT holds, NAME=VALUE separated by blanks.
: >"$work/environment"
for name in "${!VESALIUS_@}"; do printf '%s=%s\0' "$name" "${!name}" >>"$work/environment"; done
for pair in ${EMULATE_ENVIRONMENT:-}; do printf '%s\0' "$pair" >>"$work/environment"; done

megabytes=${EMULATE_MEGABYTES:-1024}
cd "$work"
"$compiler" -O2 -ffreestanding -fno-pic -no-pie -fno-stack-protector -fcf-protection=none -mno-red-zone -mgeneral-regs-only \
  -DMEGABYTES="$megabytes" -nostdlib -static -Wl,--build-id=none -Wl,-T,"$here/image.ld" -Wl,--no-warn-rwx-segments \
  -o image.elf "$here/boot.S" "$here/kernel.c"
objcopy -O binary image.elf disk
cylinder=$((16 * 63 * 512))
cylinders=$((($(stat -c %s disk) + cylinder - 1) / cylinder))
truncate -s $((cylinders * cylinder)) disk

configure() {
  sed -e "s|@DISPLAY@|$1|; s|@MEGABYTES@|$megabytes|; s|@SHARE@|$share|; s|@VGA@|$vga|; s|@CPU@|${EMULATE_CPU:-sapphire_rapids}|" \
    -e "s|@CYLINDERS@|$cylinders|; s|@IPS@|${EMULATE_IPS:-20000000}|" "$here/bochsrc.in" >bochsrc
}
emulate() {
  configure "$1"
  rm -f disk.lock errors end
  : >output
  code=0
  {
    # Bochs keeps to itself what a polite signal asks of it.
    TERM=${TERM:-linux} timeout -s KILL "${EMULATE_SECONDS:-600}" "$bochs" -q -f bochsrc </dev/null >screen 2>&1 &
    local pid=$!
    tail -q -s 0.2 -n +1 -f --pid="$pid" output 2>/dev/null &
    wait "$pid" || code=$?
    wait
  } 2>/dev/null
}
emulate "${EMULATE_DISPLAY:-nogui}"
# Distributions leave out the display library that shows nothing; the one for terminals does then.
if [[ ! -s end && $code != 137 && -z ${EMULATE_DISPLAY:-} ]] && grep -qi nogui screen bochs.log 2>/dev/null; then
  emulate term
fi

[[ ! -f errors ]] || cat errors >&2
how='' number=''
[[ ! -s end ]] || read -r how number <end || true
case $how in
  exit) exit "$number" ;;
  signal)
    echo "emulate: the program ended by signal $number" >&2
    exit $((128 + number))
    ;;
esac
if [[ $code == 137 ]]; then
  echo "emulate: stopped after ${EMULATE_SECONDS:-600} seconds" >&2
  exit 124
fi
echo "emulate: the emulator ended without a result; its last words:" >&2
tail -n 8 bochs.log screen >&2 2>/dev/null || true
exit 125

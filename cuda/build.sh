#!/bin/sh
# Compiles the kernels of the GPU, where nvcc is: into one module image with machine code for each generation (kernels.fatbin), and
# as PTX for drivers that are older than nvcc and for GPUs that are newer (kernels.ptx). Maven runs this by JavaCPP's plugin.
# $1: build folder, $2: class folder. A build without nvcc succeeds and says why in one line; what failed to compile fails it.
# Every source is compiled to PTX by itself, and only if it changed; the PTX together is what all machine code is made from. Sources
# *_fp8.cu are compiled twice, without and with the units for E4M3 of compute capability 8.9, so there are two of them together:
# kernels.ptx, and kernels.89.ptx for the generations that have the units.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" "$2/org/vesalius/kernels/cuda"
# Whoever comes second waits, and finds the work done.
if command -v flock >/dev/null 2>&1; then
  exec 9>"$1/build.lock"
  flock 9
fi
build=$(cd "$1" && pwd)/kernels
out=$(cd "$2" && pwd)/org/vesalius/kernels/cuda
usage=$(cd "$1" && pwd)/resource-usage.txt
sources=$here/src/main/cuda
log=$build/build.log
mkdir -p "$build"

# The newest PTX that drivers of CUDA 12.4 read. nvcc writes its own version's, of which these kernels use nothing.
ptx_version=8.4
# VESALIUS_GENERATIONS names others.
generations=${VESALIUS_GENERATIONS:-80 86 89 90}

without() {
  rm -f "$out/kernels.fatbin" "$out/kernels.ptx"
  printf '%s\n' "$1" >"$out/missing.txt"
  echo "[WARNING] no kernels for NVIDIA GPUs in this build: $1"
  exit 0
}

fail() {
  cat "$log" >&2
  echo "[ERROR] the kernels for NVIDIA GPUs do not compile; the compiler's words stand above" >&2
  exit 1
}

find_nvcc() {
  for candidate in "${NVCC:-}" "$(command -v nvcc || true)" "${CUDA_HOME:-/nonexistent}/bin/nvcc" "${CUDA_PATH:-/nonexistent}/bin/nvcc" \
    /usr/local/cuda/bin/nvcc; do
    [ -n "$candidate" ] && [ -x "$candidate" ] && echo "$candidate" && return
  done
  return 0
}

remedy="install NVIDIA's CUDA toolkit 12.4 or later, put nvcc on the PATH or name it in NVCC, and build again"
nvcc=$(find_nvcc)
[ -n "$nvcc" ] || without "nvcc was not found; $remedy"
"$nvcc" --version >"$build/nvcc.txt" 2>&1 || without "$nvcc does not run; $remedy"
command -v gcc >/dev/null 2>&1 || without "nvcc needs gcc, which is not on the PATH; install it, and build again"

# The PTX that the machine code of generation $1 is made from.
ptx_of() {
  if [ "$1" -lt 89 ]; then echo "$build/kernels.ptx"; else echo "$build/kernels.89.ptx"; fi
}

# Whether $1 is older than one of the others.
stale() {
  made=$1
  shift
  [ -f "$made" ] || return 0
  for input in "$@"; do
    [ "$made" -nt "$input" ] || return 0
  done
  return 1
}

# Another nvcc makes everything anew.
cmp -s "$build/nvcc.txt" "$build/nvcc-used.txt" || { rm -f "$build"/*.ptx && cp "$build/nvcc.txt" "$build/nvcc-used.txt"; }

# To PTX, two at a time: the files that are to be made, NAME or NAME.89, are named on the standard input.
: >"$log"
for source in "$sources"/*.cu; do
  name=$(basename "$source" .cu)
  case $name in *_fp8) names="$name $name.89" ;; *) names=$name ;; esac
  for name in $names; do
    ! stale "$build/$name.ptx" "$source" "$sources"/*.h "$0" || echo "$name"
  done
done >"$build/to-do.txt"
for made in "$build"/*.ptx; do
  name=$(basename "${made%.89.ptx}" .ptx)
  [ "$name" = kernels ] || [ -f "$sources/$name.cu" ] || rm -f "$made"
done
# What is made of them goes first, so that an interruption leaves nothing that is half new.
[ ! -s "$build/to-do.txt" ] || rm -f "$build/kernels.ptx" "$build/kernels.89.ptx"
# shellcheck disable=SC2016 # for the shell that xargs starts
xargs -r -n 1 -P 2 sh -c '
  case $3 in *.89) arch=compute_89 ;; *) arch=compute_80 ;; esac
  "$0" -std=c++17 -O3 -fmad=false -Werror all-warnings -arch=$arch -ptx -o "$1/$3.new" "$2/${3%.89}.cu" >"$1/$3.log" 2>&1 &&
  mv "$1/$3.new" "$1/$3.ptx"' "$nvcc" "$build" "$sources" <"$build/to-do.txt" || {
  while read -r name; do cat "$build/$name.log"; done <"$build/to-do.txt" >>"$log" 2>/dev/null
  fail
}

# All together for generation $1: one head, with the version lowered, then the bodies, those of NAME.$1 where there are any. What a
# source keeps to itself has a name of its own, but the shared memory of a launch has one name for all and must be declared once.
concatenate() {
  for source in "$sources"/*.cu; do
    name=$(basename "$source" .cu)
    [ ! -f "$build/$name.$1.ptx" ] || name=$name.$1
    cat "$build/$name.ptx"
  done |
    awk -v newest="$ptx_version" -v target="sm_$1" '
      $1 == ".version" || $1 == ".target" || $1 == ".address_size" {
        if ($1 in seen) next
        seen[$1] = 1
        if ($1 == ".version") { split($2, a, "."); split(newest, b, "."); if (a[1] > b[1] || (a[1] == b[1] && a[2] > b[2])) $2 = newest }
        if ($1 == ".target") $2 = target
      }
      $1 == ".extern" && $2 == ".shared" { if ($0 in seen) next; seen[$0] = 1 }
      /^\/\// { next }
      { print }' >"$build/kernels.new"
  mv "$build/kernels.new" "$(ptx_of "$1")"
}
for generation in 80 89; do
  ! stale "$(ptx_of "$generation")" "$0" || concatenate "$generation"
done

# Machine code of each generation, two at a time, and what of registers and memory each kernel takes there.
: >"$build/to-do.txt"
for generation in $generations; do
  ptx=$(ptx_of "$generation")
  ! stale "$build/sm_$generation.cubin" "$ptx" || echo "$generation ${ptx##*/}" >>"$build/to-do.txt"
done
# shellcheck disable=SC2016
xargs -r -n 2 -P 2 sh -c '
  "$0" -cubin "-arch=sm_$2" -Xptxas=-v,--warning-as-error -o "$1/new_$2.cubin" "$1/$3" >"$1/sm_$2.log" 2>&1 &&
  mv "$1/new_$2.cubin" "$1/sm_$2.cubin"' "$nvcc" "$build" <"$build/to-do.txt" || {
  while read -r generation _; do cat "$build/sm_$generation.log"; done <"$build/to-do.txt" >>"$log" 2>/dev/null
  fail
}

if [ -s "$build/to-do.txt" ] || stale "$build/kernels.fatbin" "$build"/sm_*.cubin || [ ! -f "$usage" ]; then
  set -- "--create=$build/kernels.fatbin" -64 "--image3=kind=ptx,sm=80,file=$build/kernels.ptx"
  for generation in $generations; do
    set -- "$@" "--image3=kind=elf,sm=$generation,file=$build/sm_$generation.cubin"
  done
  # Beside the nvcc that a wrapper may have started.
  tools=$("$nvcc" --dryrun -cubin -arch=sm_80 -o /dev/null "$build/kernels.ptx" 2>&1 | sed -n 's/^#\$ _HERE_=//p')
  "$tools/fatbinary" "$@" >"$log" 2>&1 || fail
  for generation in $generations; do
    awk -v generation="sm_$generation" '
      /Function properties for/ { name = $NF }
      /bytes stack frame/ { stack = $1; stores = $5; loads = $9 }
      /Used [0-9]+ registers/ {
        printf "%-32s %s %4d registers, spilled bytes: %d stored, %d loaded, stack %d\n", name, generation, $5, stores, loads, stack
      }' "$build/sm_$generation.log"
  done | sort >"$usage"
fi

rm -f "$out/missing.txt"
for made in "$build/kernels.fatbin" "$build/kernels.ptx"; do
  # Untouched where nothing changed, so that nothing after this is built again.
  cmp -s "$made" "$out/${made##*/}" || { cp "$made" "$out/new" && mv "$out/new" "$out/${made##*/}"; }
done

#!/bin/sh
# Checks and measures the backend cuda on a server with an NVIDIA GPU that has no Java: unpacks what bundle.sh made and runs it.
# usage: run.sh [OPTIONS]
#   --parts LIST    of device,contract,outputs,sanitizer,bench,peers,report (default: all of them, in this order)
#   --cases LIST    of decode,int8,int4,fp8,batch,prefill,prefill_fp8,vision,load: what bench measures (default: all)
#   --peers LIST    of decode,batch,prefill,vision: what torch and transformers do (default: all)
#   --tests LIST    CLASS or CLASS#METHOD of the contract: what the part contract runs (default: all)
#   --sanitize LIST likewise for the part sanitizer (default: a test of each kind of kernel)
#   --shapes NAME   entry of shapes.json (default: qwen2.5-vl-7b; tiny runs anywhere)
#   --work DIR      for what is unpacked, random weights and results of parts (default: work beside this script)
#   --out DIR       for the report (default: bench/results if that is here, else results beside this script)
#   --peer-device D where torch computes: cuda or cpu (default: cuda)
#   --limit SECONDS for each step (default: 540)
#   --fresh         forgets earlier results of parts
#   --unpack        only unpacks
# VESALIUS_JAVA_OPTS has more of Java's options, VESALIUS_PYTHON is the Python that has torch (default: python3).
# Every step writes its result as soon as it ends, and a report of all results so far. Exit status: 0 if every step ran and every
# test passed, 1 if not, 2 if nothing could be run. Bars that are not met are the report's business.
set -u
here=$(cd "$(dirname "$0")" && pwd)
parts=device,contract,outputs,sanitizer,bench,peers,report
cases=decode,int8,int4,fp8,batch,prefill,prefill_fp8,vision,load
peers=decode,batch,prefill,vision
tests=
sanitize=AttentionContractTest,IntegerWeightsContractTest,ExpertContractTest,RotateAndCacheContractTest,RowOperationsContractTest
shapes=qwen2.5-vl-7b
work=$here/work
out=$here/results
[ ! -d bench/results ] || out=bench/results
peer_device=cuda
limit=540
fresh=no
only_unpack=no
python=${VESALIUS_PYTHON:-python3}

fail() {
  echo "run: $1" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --fresh) fresh=yes ;;
    --unpack) only_unpack=yes ;;
    --help | -h)
      sed -n '2,19s/^# //p' "$0"
      exit 0
      ;;
    --parts | --cases | --peers | --tests | --sanitize | --shapes | --work | --out | --peer-device | --limit)
      [ $# -ge 2 ] || fail "$1 needs a value; --help explains it"
      case $1 in
        --parts) parts=$2 ;;
        --cases) cases=$2 ;;
        --peers) peers=$2 ;;
        --tests) tests=$2 ;;
        --sanitize) sanitize=$2 ;;
        --shapes) shapes=$2 ;;
        --work) work=$2 ;;
        --out) out=$2 ;;
        --peer-device) peer_device=$2 ;;
        --limit) limit=$2 ;;
      esac
      shift
      ;;
    *) fail "unknown option $1; --help lists them" ;;
  esac
  shift
done

# Whether each word of a list is one of others.
check_list() {
  for word in $(echo "$2" | tr , ' '); do
    case ",$3," in
      *",$word,"*) ;;
      *) fail "$1: expected some of $3, found $word" ;;
    esac
  done
}
check_list --parts "$parts" device,contract,outputs,sanitizer,bench,peers,report
check_list --cases "$cases" decode,int8,int4,fp8,batch,prefill,prefill_fp8,vision,load
check_list --peers "$peers" decode,batch,prefill,vision

mkdir -p "$work" "$out" || fail "the folders cannot be made"
work=$(cd "$work" && pwd)
out=$(cd "$out" && pwd)
results=$work/parts
[ $fresh = no ] || rm -rf "$results"
mkdir -p "$results"

# Archives may come one by one: what is here is unpacked, unless it has been already.
for archive in vesalius-gpu-java.tar.gz vesalius-gpu-jars.tar.gz vesalius-gpu-outputs.tar.gz; do
  [ -f "$here/$archive" ] || continue
  expected=$(sed -n "s/ [ *]$archive\$//p" "$here/SHA256SUMS")
  stamp=$work/$archive.unpacked
  if [ -z "$expected" ] || [ "$(cat "$stamp" 2>/dev/null)" != "$expected" ]; then
    found=$(sha256sum <"$here/$archive" | cut -d' ' -f1)
    [ "$found" = "$expected" ] || fail "$archive: expected SHA-256 $expected, found $found; copy it again"
    case $archive in
      *-java.tar.gz) rm -rf "$work/java" ;;
      *-outputs.tar.gz) rm -rf "$work/outputs" ;;
      *) rm -rf "$work/lib" ;;
    esac
    gzip -dc "$here/$archive" | tar -xf - -C "$work" || fail "$archive cannot be unpacked into $work"
    echo "$expected" >"$stamp"
  fi
done
[ $only_unpack = no ] || exit 0
[ -x "$work/java/bin/java" ] || fail "vesalius-gpu-java.tar.gz is not beside this script, nor unpacked in $work"
[ -d "$work/lib" ] || fail "vesalius-gpu-jars.tar.gz is not beside this script, nor unpacked in $work"
contract=$(echo "$work"/lib/vesalius-kernels-*-tests.jar)
revision=$(cat "$work/revision.txt")

# Where pip put cuBLAS: servers for torch often have no other.
cublas_of_python() {
  "$python" - 2>/dev/null <<'PYTHON'
import glob, os, sys
for folder in sys.path:
    for name in ("libcublas.so.12", "libcublas.so.13"):
        for found in sorted(glob.glob(os.path.join(folder, "nvidia", "*", "lib", name))):
            print(os.path.dirname(found))
            raise SystemExit
PYTHON
}
java_options=${VESALIUS_JAVA_OPTS:-}
case $java_options in
  *-Dvesalius.cuda.libraries=*) ;;
  *)
    folder=$(cublas_of_python)
    [ -z "$folder" ] || java_options="$java_options -Dvesalius.cuda.libraries=$folder"
    ;;
esac
# JCuda's libraries are extracted here, and not into the home of whoever this is.
VESALIUS_CACHE=${VESALIUS_CACHE:-$work/cache}
export VESALIUS_CACHE

limited() {
  if command -v timeout >/dev/null 2>&1; then
    timeout -k 10 "$limit" "$@"
  else
    "$@"
  fi
}

gpu_bench() {
  # Words of the options are words of the command.
  # shellcheck disable=SC2086
  limited "$work/java/bin/java" --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
    -Djava.awt.headless=true -Dvesalius.backends=cuda -Dvesalius.require=cuda "-Dvesalius.bench.revision=$revision" \
    $java_options -cp "$work/lib/*:$work/outputs/tests.jar" org.vesalius.bench.gpu.GpuBench "$@"
}

# Answers of small models of every family beside those of the definition, and of transformers.
run_outputs() (
  java_options="$java_options -Dvesalius.only=cuda -Dvesalius.full=true -Dvesalius.root=$work/outputs"
  gpu_bench contract --part outputs --tests "$work/outputs/tests.jar" --parts "$results" --select QuantizedModelTest,GoldenModelTest \
    --exclude-tags definition
)

measure() {
  gpu_bench "$@" --parts "$results" --shapes "$work/shapes.json" --shape "$shapes" --work "$work"
}

run_peers() {
  limited "$python" "$work/peers.py" --parts "$results" --shapes "$work/shapes.json" --shape "$shapes" \
    --device "$peer_device" --revision "$revision" "$@"
}

# With time of its own, however little a step may have.
report() (
  limit=120
  gpu_bench report --parts "$results" --out "$out" >"$work/report.txt" 2>"$work/report.log"
)

# A result that says why there is none: a fact about the server and no failure.
nothing() {
  printf '{"part": "%s", "device": "", "simulated": false, "shapes": "", "revision": "%s",
  "result": {"missing": "%s"}}\n' "$1" "$revision" "$2" >"$results/$1.json"
}

failures=
# A step: the name of its result, and what to run. Whatever it left is in the report before the next one begins.
step() {
  name=$1
  shift
  rm -f "$results/$name.json"
  echo "== $name"
  begun=$(date +%s)
  "$@"
  status=$?
  if [ $status -ne 0 ]; then
    failures="$failures $name"
    # What died without a word.
    [ -f "$results/$name.json" ] || printf '{"part": "%s", "device": "", "simulated": false, "shapes": "", "revision": "%s",
  "result": {"error": "ended with exit status %d"}}\n' "$name" "$revision" $status >"$results/$name.json"
  fi
  echo "== $name: exit status $status after $(($(date +%s) - begun)) s"
  report || true
}

peer_step() {
  if command -v "$python" >/dev/null 2>&1; then
    step "peers-$1" run_peers "$1"
  else
    nothing "peers-$1" "$python is not on this machine"
  fi
}

for part in $(echo "$parts" | tr , ' '); do
  case $part in
    device)
      step device measure device
      peer_step device
      ;;
    contract)
      step contract gpu_bench contract --tests "$contract" --parts "$results" ${tests:+--select "$tests"}
      ;;
    outputs)
      if [ -d "$work/outputs" ]; then
        step outputs run_outputs
      else
        nothing outputs "vesalius-gpu-outputs.tar.gz is not on this machine"
      fi
      ;;
    sanitizer)
      step sanitizer gpu_bench sanitizer --tests "$contract" --parts "$results" --work "$work" --select "$sanitize"
      ;;
    bench)
      step checkpoint measure checkpoint
      for case in $(echo "$cases" | tr , ' '); do
        step "bench-$case" measure bench "$case"
      done
      ;;
    peers)
      for peer in $(echo "$peers" | tr , ' '); do
        peer_step "$peer"
      done
      ;;
    report) ;;
  esac
done
if report; then
  cat "$work/report.txt"
else
  failures="$failures report"
  cat "$work/report.log" >&2
fi
if [ -n "$failures" ]; then
  echo "run: failed:$failures" >&2
  exit 1
fi

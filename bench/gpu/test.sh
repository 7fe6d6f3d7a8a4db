#!/bin/sh
# Runs bundle.sh and run.sh from end to end with a tiny model on the simulated device, as if on a server: another folder, an empty
# environment, and a PATH that has the usual tools and no Java. Some minutes; CI does not run it.
# usage: bench/gpu/test.sh [--no-build]
#   --no-build  takes what `mvn -DskipTests -pl bench,src/test -am package` has built
# Needs what bundle.sh needs, CMake and GCC for the simulated device, and Python 3. VESALIUS_PYTHON may name a Python with torch and
# transformers, which then measures on the processor; otherwise the test sees that their absence is written down.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
simulated=$root/cuda/target/simulated
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
begun=$(date +%s)

fail() {
  echo "test: $1" >&2
  exit 1
}

"$root/bench/gpu/bundle.sh" --without-kernels "$@" "$scratch/bundle"
[ -f "$simulated/libcuda.so.1" ] || fail "$simulated has no simulated device; the build says why"

# A server: what run.sh needs, and nothing that could help by chance.
server=$scratch/server
mkdir -p "$server" "$scratch/bin"
for tool in sh sed tar gzip sha256sum cut date cat mkdir rm tr timeout tee dirname; do
  ln -s "$(command -v $tool)" "$scratch/bin/$tool"
done
# Stands in for NVIDIA's tool: runs the command and says that it has found as much as it is told to.
cat >"$scratch/compute-sanitizer" <<'TOOL'
#!/bin/sh
shift 2
"$@" || exit $?
echo "========= ERROR SUMMARY: ${FOUND:-0} errors"
TOOL
chmod +x "$scratch/compute-sanitizer"

image=$simulated/image.txt
found=0
run() (
  cd "$scratch"
  env -i PATH="$scratch/bin" FOUND=$found VESALIUS_PYTHON="${VESALIUS_PYTHON:-no-python}" \
    VESALIUS_JAVA_OPTS="-Dvesalius.cuda.libraries=$simulated -Dvesalius.cuda.image=$image" \
    "$server/run.sh" --shapes tiny --peer-device cpu "$@" >"$scratch/log" 2>&1
)
# What is expected of the exit status of a run.
expect() {
  wanted=$1
  shift
  status=0
  run "$@" || status=$?
  echo "run.sh $*: exit status $status"
  [ $status -eq "$wanted" ] || { cat "$scratch/log" >&2; fail "expected exit status $wanted"; }
}
# A condition on the result of a part, in Python.
check() {
  python3 - "$server/work/parts/$1.json" "$2" <<'PYTHON' || fail "$1: expected $2"
import json, sys
with open(sys.argv[1]) as file:
    part = json.load(file)
if not eval(sys.argv[2], {"part": part, "result": part["result"]}):
    sys.exit(json.dumps(part, indent=2)[:4000])
PYTHON
}

env -i PATH="$scratch/bin" "$scratch/bin/sh" -c 'command -v java' && fail "the server has a java"

# Archives may come one after the other, and must be whole.
cp "$scratch/bundle/run.sh" "$scratch/bundle/SHA256SUMS" "$scratch/bundle/vesalius-gpu-java.tar.gz" "$server"
expect 2 --parts report
grep -q "vesalius-gpu-jars.tar.gz is not beside" "$scratch/log" || fail "expected a word about the jars"
rm "$server/vesalius-gpu-java.tar.gz"
echo broken >"$server/vesalius-gpu-jars.tar.gz"
expect 2 --parts report
grep -q "expected SHA-256" "$scratch/log" || fail "expected a word about the damage"
cp "$scratch/bundle/vesalius-gpu-jars.tar.gz" "$server"
expect 0 --unpack
expect 2 --parts everything

# What is ended without having written anything is written down.
expect 1 --parts device --limit 0.2
check device '"ended with exit status" in result["error"]'
expect 0 --parts device
check device 'part["simulated"] and part["shapes"] == "tiny" and part["revision"] != "unknown"'
check device 'all(result[k]["seconds"] > 0 for k in ("copy", "pinned", "matrix")) and result["copy"]["bytes_per_second"] > 1e6'
check device '"missing" in result["nvidia_smi"]'

# Parts by themselves, and one that fails in the middle: the next one runs, and the exit status tells.
expect 0 --parts outputs
check outputs '"is not on this machine" in result["missing"]'
image=$simulated/no-such-image
expect 1 --parts contract,bench --cases decode
check contract '"no-such-image" in result["error"]'
check bench-decode '"no-such-image" in result["error"]'
image=$simulated/image.txt
expect 0 --parts contract --tests LayerNormContractTest,RowMixingContractTest
check contract 'result["complete"] and result["selected"] and result["failed"] == 0 and result["skipped"] == 0 and result["passed"] >= 5'
check contract '[c["name"] for c in result["classes"]] == ["LayerNormContractTest", "RowMixingContractTest"]'

expect 0 --parts bench
for case in decode int8 int4 fp8 batch vision load; do
  check bench-$case 'part["simulated"] and result["seconds"] > 0 and result["seconds_least"] <= result["seconds_most"]'
done
check bench-prefill '[c["chunk"] for c in result["chunks"]] == [48, 16] and all(c["seconds"] > 0 for c in result["chunks"])'
check bench-batch 'result["sequences"] == 3 and result["bytes"] > result["weight_bytes"]'
check bench-load 'result["bytes"] > 1600000 and result["weights_alone"]["seconds"] < result["seconds"]'

expect 0 --parts sanitizer --sanitize LayerNormContractTest
check sanitizer 'result["missing"] == "compute-sanitizer is not on this machine"'
ln -s "$scratch/compute-sanitizer" "$scratch/bin/compute-sanitizer"
expect 0 --parts sanitizer --sanitize LayerNormContractTest
check sanitizer 'result["clean"] and [(r["tool"], r["found"], r["exit"]) for r in result["runs"]] == [("memcheck", 0, 0), ("racecheck", 0, 0)]'
found=3
expect 1 --parts sanitizer --sanitize LayerNormContractTest
check sanitizer 'not result["clean"] and result["runs"][0]["found"] == 3 and result["runs"][0]["last_lines"]'
found=0

if [ -n "${VESALIUS_PYTHON:-}" ]; then
  expect 0 --parts peers
  for peer in decode batch prefill vision; do
    check peers-$peer 'part["simulated"] and all(w["seconds"] > 0 for w in result["ways"])'
  done
else
  expect 0 --parts peers
  check peers-decode 'result["missing"] == "no-python is not on this machine"'
fi

if [ -f "$scratch/bundle/vesalius-gpu-outputs.tar.gz" ]; then
  cp "$scratch/bundle/vesalius-gpu-outputs.tar.gz" "$server"
  expect 0 --parts outputs
  check outputs 'result["complete"] and result["failed"] == 0 and result["passed"] >= 20'
fi

# Everything that is there in one report, which compares nothing with the bars of a GPU.
expect 0 --parts report --out "$scratch/reports"
grep -q "no bar is compared: a simulated device" "$scratch/log" || fail "expected that no bar is compared"
python3 - "$scratch"/reports/*-gpu-simulated.json <<'PYTHON' || fail "the report is not as it should be"
import json, sys
with open(sys.argv[1]) as file:
    report = json.load(file)
timed = [f for f in report["figures"] if " passed" not in f["measured"] and " found" not in f["measured"]]
assert report["simulated"] and not report["bars_compared"], "marks"
assert len(timed) >= 12 and all(f["met"] == "-" for f in timed), timed
assert {"device", "contract", "outputs", "sanitizer", "checkpoint", "bench-load", "peers-vision"} - set(report["parts"]) == {"checkpoint"}
PYTHON
cat "$scratch/log"
echo "test: passed after $(($(date +%s) - begun)) s"

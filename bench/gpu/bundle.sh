#!/bin/sh
# Makes what run.sh needs on a server that has neither Java nor Maven nor a network: a Java runtime, our jars and the fixtures, in
# archives that need not come together.
# usage: bench/gpu/bundle.sh [--no-build] [--without-kernels] [--without-outputs] [--dry-run] [OUT]
#   --no-build         takes the jars as they were built
#   --without-kernels  also if the build has no kernels for NVIDIA GPUs, for tests on the simulated device
#   --without-outputs  leaves out the fixtures that answers are compared with
#   --dry-run          ends when it is known that the jars have what they need, with nothing written
#   OUT                folder for the archives (default: bench/target/gpu)
# Needs a JDK 25 (JAVA_HOME, or on the PATH), and Maven unless --no-build. MAVEN_ARGS is Maven's own variable for more options.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=yes
kernels=required
outputs=yes
dry=no
out=$root/bench/target/gpu
# More than uploads to such servers usually allow.
most_bytes=$((60 * 1024 * 1024))

fail() {
  echo "bundle: $1" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --no-build) build=no ;;
    --without-kernels) kernels=optional ;;
    --without-outputs) outputs=no ;;
    --dry-run) dry=yes ;;
    --help | -h)
      sed -n '2,10s/^# //p' "$0"
      exit 0
      ;;
    -*) fail "unknown option $1; --help lists them" ;;
    *) out=$1 ;;
  esac
  shift
done

if [ -n "${JAVA_HOME:-}" ]; then
  PATH=$JAVA_HOME/bin:$PATH
fi
command -v jlink >/dev/null 2>&1 || fail "jlink was not found; set JAVA_HOME to a JDK 25"
case $(jlink --version) in
  25*) ;;
  *) fail "expected jlink of a JDK 25, found $(jlink --version) at $(command -v jlink); set JAVA_HOME" ;;
esac
[ "$(uname -sm)" = "Linux x86_64" ] || fail "expected Linux on x86-64, for which the runtime is made, found $(uname -sm)"

if [ $build = yes ]; then
  rm -rf "$root/bench/target/gpu-lib"  # the build adds to it and takes nothing away
  modules=bench
  [ $outputs = no ] || modules=bench,src/test
  (cd "$root" && mvn -B -ntp -q -DskipTests -Dvesalius.startupCache.skip=true -pl $modules -am package) || fail "the build failed; Maven's words stand above"
fi
lib=$root/bench/target/gpu-lib
[ -d "$lib" ] || fail "$lib is not there; leave out --no-build"
if ! unzip -l "$lib"/vesalius-cuda-*.jar | grep -q kernels.fatbin; then
  why=$(unzip -p "$lib"/vesalius-cuda-*.jar org/vesalius/kernels/cuda/missing.txt 2>/dev/null || echo "unknown why")
  [ $kernels = optional ] || fail "no kernels for NVIDIA GPUs in this build: $why"
fi

own=
for jar in "$root"/bench/target/vesalius-bench-*.jar; do
  case $jar in
    *-tests.jar | *-sources.jar | *-javadoc.jar) ;;
    *) own=$jar ;;
  esac
done
# What the jars use.
modules=$(jdeps --multi-release 25 --ignore-missing-deps --print-module-deps "$own" "$lib"/*.jar 2>&1) || {
  printf '%s\n' "$modules" >&2
  fail "the jars in $lib need others; jdeps' words stand above"
}
if [ $dry = yes ]; then
  echo "bundle: the jars have what they need, and use the modules $modules"
  exit 0
fi

mkdir -p "$out"
out=$(cd "$out" && pwd)
stage=$out/stage
rm -rf "$stage"
mkdir -p "$stage/jars/lib"
cp "$lib"/*.jar "$stage/jars/lib"
cp "$own" "$stage/jars/lib"
cp "$root/bench/gpu/peers.py" "$root/bench/gpu/shapes.json" "$stage/jars"
revision=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$root" status --porcelain 2>/dev/null)" ] || revision=$revision-changed
echo "$revision" >"$stage/jars/revision.txt"

# And what is found by name: vectors, and archives as folders.
# Not compressed by jlink: gzip makes less of the whole than jlink of each class by itself.
jlink --add-modules "$modules,jdk.incubator.vector,jdk.zipfs" --strip-debug --no-header-files --no-man-pages \
  --compress zip-0 --output "$stage/java"
! command -v strip >/dev/null 2>&1 || strip --strip-unneeded "$stage/java/lib/server/libjvm.so"

# The same bytes for the same contents.
pack() {
  (cd "$1" && shift && tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - "$@") | gzip -9n
}
pack "$stage" java >"$out/vesalius-gpu-java.tar.gz"
pack "$stage/jars" lib peers.py shapes.json revision.txt >"$out/vesalius-gpu-jars.tar.gz"
archives="vesalius-gpu-java.tar.gz vesalius-gpu-jars.tar.gz"
rm -f "$out/vesalius-gpu-outputs.tar.gz"
if [ $outputs = yes ]; then
  tests=$root/target/end-to-end/test-classes
  [ -f "$tests/org/vesalius/test/QuantizedModelTest.class" ] || fail "$tests has no tests; leave out --no-build, or add --without-outputs"
  mkdir -p "$stage/outputs/src/test"
  cp -R "$root/src/test/fixtures" "$stage/outputs/src/test"
  jar --create --file "$stage/outputs/tests.jar" --date 2000-01-01T00:00:00Z -C "$tests" .
  pack "$stage" outputs >"$out/vesalius-gpu-outputs.tar.gz"
  archives="$archives vesalius-gpu-outputs.tar.gz"
fi
rm -rf "$stage"
cp "$root/bench/gpu/run.sh" "$out/run.sh"
(cd "$out" && sha256sum $archives run.sh >SHA256SUMS)

echo "revision $revision, modules $modules"
for file in $archives; do
  bytes=$(wc -c <"$out/$file")
  echo "$file: $bytes bytes, $(((bytes + 1048575) / 1048576)) MiB"
  [ "$bytes" -le $most_bytes ] || fail "$file: expected at most $most_bytes bytes, found $bytes"
done
echo "bundle: $out"

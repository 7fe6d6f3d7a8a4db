package org.vesalius.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.Jvm;

/** Every reason against the backend, and that loading leaves nothing behind. */
class UnavailableTest {
  private static final String WORKS = "computes 39.0 39.0";

  @TempDir Path folder = Path.of("");
  private Path simulated = Path.of("");
  private Path home = Path.of("");
  private Path temporary = Path.of("");

  @BeforeEach
  void requireDevice() throws IOException {
    simulated = Simulated.folder();
    home = Files.createDirectory(folder.resolve("home"));
    temporary = Files.createDirectory(folder.resolve("tmp"));
  }

  private Jvm jvm(Path libraries) {
    return Simulated.jvm(home, temporary, libraries);
  }

  private static void assertSays(Jvm jvm, String expected)
      throws IOException, InterruptedException {
    Jvm.Result result = jvm.run(Opening.class);
    assertEquals(0, result.code(), result.output());
    assertTrue(result.output().contains(expected), result.output());
  }

  private static void assertRefused(Jvm jvm, String reason)
      throws IOException, InterruptedException {
    assertSays(jvm, "does not work: " + reason);
  }

  /** A folder with some of the simulated libraries, under other names. */
  private Path libraries(String... names) throws IOException {
    Path libraries = Files.createTempDirectory(folder, "libraries");
    for (String name : names) {
      String source = name.startsWith("libcuda") ? "libcuda.so.1" : "libcublas.so.12";
      Files.copy(simulated.resolve(source), libraries.resolve(name));
    }
    // The simulated driver's own, which a real one has inside.
    String kernels = "libvesalius_simulated_kernels.so";
    if (names.length > 0) {
      Files.copy(simulated.resolve(kernels), libraries.resolve(kernels));
    }
    return libraries;
  }

  private static List<Path> everything(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void worksAndLeavesNothing() throws IOException, InterruptedException {
    // What anyone could have put where JCuda looks by itself.
    Path planted = temporary.resolve("libJCudaDriver-12.6.0-linux-x86_64.so");
    Files.writeString(planted, "something else");
    assertSays(jvm(simulated), WORKS);
    assertEquals(List.of(planted), everything(temporary));
    assertEquals(List.of(), everything(home));
  }

  @Test
  void otherSystems() throws IOException, InterruptedException {
    assertRefused(
        jvm(simulated).flags("-Dos.arch=aarch64"),
        "it needs Linux on x86-64, found Linux on aarch64; use the backend native here");
    assertRefused(
        jvm(simulated).flags("-Dos.name=Windows 11"),
        "it needs Linux on x86-64, found Windows 11 on amd64");
  }

  @Test
  void aBuildWithoutKernels() throws IOException, InterruptedException {
    Path classes = Files.createDirectory(folder.resolve("classes"));
    List<Path> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path", "").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      if (Files.exists(path.resolve("org/vesalius/kernels/cuda/CudaBackend.class"))) {
        copy(path, classes);
        entries.add(classes);
      } else {
        entries.add(path);
      }
    }
    Path packed = classes.resolve("org/vesalius/kernels/cuda");
    for (String file : List.of("kernels.fatbin", "kernels.ptx", "missing.txt")) {
      Files.deleteIfExists(packed.resolve(file));
    }
    Jvm without = jvm(simulated).flags("-Dvesalius.cuda.image=").classPath(entries);
    assertRefused(
        without,
        "no CUDA kernels in this build: it was built without; build it where CUDA's compiler nvcc"
            + " is");
    Files.writeString(packed.resolve("missing.txt"), "nvcc is not on the PATH; install CUDA\n");
    assertRefused(without, "no CUDA kernels in this build: nvcc is not on the PATH; install CUDA");
    assertRefused(
        jvm(simulated).flags("-Dvesalius.cuda.image=" + folder.resolve("absent")),
        "the file of kernels " + folder.resolve("absent") + " cannot be read; correct");
    List<Path> bare =
        entries.stream().filter(path -> !path.toString().contains("jcublas-12")).toList();
    assertRefused(
        jvm(simulated).classPath(bare),
        "a class is missing; put org.jcuda:jcuda and org.jcuda:jcublas on the class path"
            + " [java.lang.NoClassDefFoundError");
    List<Path> unpacked =
        entries.stream().filter(path -> !path.toString().contains("natives")).toList();
    assertRefused(
        jvm(simulated).classPath(unpacked),
        "JCuda's native libraries cannot be extracted and loaded from any place (");
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }

  @Test
  void drivers() throws IOException, InterruptedException {
    assertRefused(
        jvm(simulated).environment("VESALIUS_SIMULATED_DRIVER", "12030"),
        "the driver is for CUDA 12.3, needed is 12.4 or later; install NVIDIA's driver 550");
    assertSays(jvm(simulated).environment("VESALIUS_SIMULATED_DRIVER", "12040"), WORKS);
    Simulated.assumeAbsent("libcuda.so.1");
    assertRefused(jvm(libraries()), "libcuda.so.1 not found; install NVIDIA's driver 550 or later");
    Path wrong = libraries();
    Files.writeString(wrong.resolve("libcuda.so.1"), "no library");
    assertRefused(
        jvm(wrong),
        "libcuda.so.1 not found (" + wrong.resolve("libcuda.so.1") + ": file too short); install");
  }

  @Test
  void devices() throws IOException, InterruptedException {
    assertRefused(
        jvm(simulated).environment("VESALIUS_SIMULATED_DEVICES", "0"),
        "the driver shows no device; see that nvidia-smi lists one");
    Jvm.Result old =
        jvm(simulated).environment("VESALIUS_SIMULATED_CAPABILITY", "75").run(Opening.class);
    assertTrue(
        old.output()
            .contains(
                " has compute capability 7.5, needed is 8.0 or later; use the backend native"),
        old.output());
    assertSays(jvm(simulated).environment("VESALIUS_SIMULATED_CAPABILITY", "80"), WORKS);
  }

  @Test
  void cublas() throws IOException, InterruptedException {
    assertSays(jvm(simulated), "cuBLAS 12), " + WORKS);
    assertSays(jvm(libraries("libcuda.so.1", "libcublas.so.12", "libcublas.so.13")), "cuBLAS 12)");
    Simulated.assumeAbsent("libcublas.so.12");
    assertSays(jvm(libraries("libcuda.so.1", "libcublas.so.13")), "cuBLAS 13), " + WORKS);
    Simulated.assumeAbsent("libcublas.so.13");
    assertRefused(
        jvm(libraries("libcuda.so.1")), "libcublas.so.12 and libcublas.so.13 not found; install");
    Path other = libraries("libcuda.so.1", "libcublas.so.11");
    assertRefused(
        jvm(other),
        "libcublas.so.12 and libcublas.so.13 not found, found "
            + other.resolve("libcublas.so.11")
            + "; install cuBLAS 12 or 13");
  }

  @Test
  void placesForNatives() throws IOException, InterruptedException {
    // Nobody can make anything there, not even the superuser.
    assertRefused(
        jvm(simulated).environment("VESALIUS_CACHE", "/sys"),
        "JCuda's native libraries cannot be extracted and loaded from any place (/sys: ");
    Path named = folder.resolve("named");
    assertSays(jvm(simulated).environment("VESALIUS_CACHE", named.toString()), WORKS);
    assertEquals(List.of(), everything(named));
    assertSays(
        Jvm.with(Path.of("/sys"), temporary)
            .flags(
                "-Dvesalius.cuda.libraries=" + simulated,
                "-Dvesalius.cuda.image=" + System.getProperty("vesalius.cuda.image", "")),
        WORKS);
    assertEquals(List.of(), everything(temporary));
    assertRefused(
        Jvm.with(home, temporary)
            .flags(
                "--illegal-native-access=deny",
                "-Dvesalius.cuda.libraries=" + simulated,
                "-Dvesalius.cuda.image=" + System.getProperty("vesalius.cuda.image", "")),
        "this JVM denies native access; start it with --enable-native-access=ALL-UNNAMED"
            + " [java.lang.IllegalCallerException");
  }

  @Test
  void twoClassLoaders() throws IOException, InterruptedException {
    Jvm.Result result = jvm(simulated).run(Opening.Twice.class);
    assertEquals(0, result.code(), result.output());
    assertEquals(
        3, result.output().lines().filter(line -> line.contains(WORKS)).count(), result.output());
  }

  /** Threads of a block and blocks of a grid in other orders: the same bits. */
  @Test
  void anyOrderGivesTheSameBits() throws IOException, InterruptedException {
    Jvm.Result given = jvm(simulated).run(Opening.Bits.class);
    assertTrue(given.output().contains("bits "), given.output());
    for (String seed : List.of("1", "2", "77")) {
      Jvm.Result shuffled =
          jvm(simulated).environment("VESALIUS_SIMULATED_ORDER", seed).run(Opening.Bits.class);
      assertEquals(given.output(), shuffled.output(), "seed " + seed);
    }
    assertEquals(
        given.output(),
        jvm(simulated)
            .environment("VESALIUS_SIMULATED_GUARD", "1")
            .run(Opening.Bits.class)
            .output(),
        "with guard pages");
  }
}

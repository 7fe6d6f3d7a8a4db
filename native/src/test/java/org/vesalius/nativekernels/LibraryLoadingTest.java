package org.vesalius.nativekernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.BackendsUnderTest;
import org.vesalius.kernels.Jvm;

/** Where the library is put and loaded from, in JVMs of every kind. */
class LibraryLoadingTest {
  private static final String WORKS = "computes 39.0";

  /** Exists on Linux, and nobody can make anything in it, not even the superuser. */
  private static final Path READ_ONLY = Path.of("/sys");

  @TempDir Path folder = Path.of("");
  private Path home = Path.of("");
  private Path temporary = Path.of("");

  @BeforeEach
  void requireLibrary() throws IOException {
    BackendsUnderTest.open("native", 1).close();
    home = Files.createDirectory(folder.resolve("home"));
    temporary = Files.createDirectory(folder.resolve("tmp"));
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private Path cache() {
    return home.resolve(".cache").resolve("vesalius").resolve("native");
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static void assertWorks(Jvm.Result result) {
    assertEquals(0, result.code(), result.output());
    assertTrue(result.output().contains(WORKS), result.output());
  }

  @Test
  void aPrivateDirectoryKeepsOneFile() throws IOException, InterruptedException {
    assertWorks(Jvm.with(home, temporary).run(Opening.class));
    assertEquals("rwx------", permissions(cache()));
    List<String> files = names(cache());
    assertEquals(1, files.size(), files.toString());
    assertTrue(
        files.getFirst().endsWith("-" + System.mapLibraryName("vesalius")), files.toString());
    Path file = cache().resolve(files.getFirst());
    Object written = Files.getAttribute(file, "unix:ino");
    assertWorks(Jvm.with(home, temporary).run(Opening.class));
    assertEquals(written, Files.getAttribute(file, "unix:ino"), "written twice");
    assertEquals(List.of(), names(temporary));
    // What was changed since is not run.
    Files.writeString(file, "something else");
    assertWorks(Jvm.with(home, temporary).run(Opening.class));
    assertEquals(files, names(cache()));
    assertTrue(Files.size(file) > 10_000, "still something else");
  }

  @Test
  void severalProcessesAtOnce() throws IOException, InterruptedException {
    List<Process> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      all.add(Jvm.with(home, temporary).start(Opening.class));
    }
    for (Process process : all) {
      assertWorks(Jvm.end(process));
    }
    assertEquals(1, names(cache()).size(), names(cache()).toString());
  }

  @Test
  void twoClassLoaders() throws IOException, InterruptedException {
    Jvm.Result result =
        Jvm.with(home, temporary)
            .flags("--enable-native-access=ALL-UNNAMED")
            .run(Opening.Twice.class);
    assertEquals(0, result.code(), result.output());
    assertEquals(
        3, result.output().lines().filter(line -> line.contains(WORKS)).count(), result.output());
  }

  @Test
  void theEnvironmentNamesTheCache() throws IOException, InterruptedException {
    Path named = folder.resolve("named");
    assertWorks(
        Jvm.with(home, temporary)
            .environment("VESALIUS_CACHE", named.toString())
            .run(Opening.class));
    assertEquals("rwx------", permissions(named.resolve("native")));
    Path caches = Files.createDirectory(folder.resolve("caches"));
    assertWorks(
        Jvm.with(home, temporary)
            .environment("XDG_CACHE_HOME", caches.toString())
            .run(Opening.class));
    assertEquals(1, names(caches.resolve("vesalius").resolve("native")).size());
    assertEquals(List.of(), names(home));
    String refused =
        Jvm.with(home, temporary)
            .environment("VESALIUS_CACHE", READ_ONLY.toString())
            .run(Opening.class)
            .output();
    assertTrue(
        refused.contains(
                "does not work: the native library cannot be loaded from any place (/sys/native: ")
            && refused.contains(
                "; set VESALIUS_CACHE to a directory of yours from which programs may run"),
        refused);
  }

  /** Directories that somebody else could have made. */
  @Test
  void directoriesOfOthersAreNotUsed() throws IOException, InterruptedException {
    Files.createDirectories(cache());
    Files.setPosixFilePermissions(cache(), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertWorks(Jvm.with(home, temporary).run(Opening.class));
    assertEquals(List.of(), names(cache()));
    assertEquals(List.of(), names(temporary));
    Files.delete(cache());
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.createSymbolicLink(cache(), elsewhere);
    assertWorks(Jvm.with(home, temporary).run(Opening.class));
    assertEquals(List.of(), names(elsewhere));
    String refused =
        Jvm.with(home, temporary)
            .environment("VESALIUS_CACHE", home.resolve(".cache").resolve("vesalius").toString())
            .run(Opening.class)
            .output();
    assertTrue(
        refused.contains("expected a directory of ") && refused.contains("found something else"),
        refused);
  }

  @Test
  void aHomeThatCannotBeWritten() throws IOException, InterruptedException {
    assertWorks(Jvm.with(READ_ONLY, temporary).run(Opening.class));
    assertWorks(Jvm.with(folder.resolve("absent"), temporary).run(Opening.class));
    assertEquals(List.of(), names(temporary), "left behind");
  }

  @Test
  void aTemporaryDirectoryFromWhichNothingRuns() throws IOException, InterruptedException {
    String[] mount = {
      "unshare",
      "--user",
      "--map-root-user",
      "--mount",
      "sh",
      "-c",
      "mount -t tmpfs -o noexec tmpfs '" + temporary + "' && exec \"$0\" \"$@\""
    };
    List<String> trial = new ArrayList<>(List.of(mount));
    trial.add("true");
    Assumptions.assumeTrue(runs(trial), "a mount of its own, which this system denies");
    // The home will do; and where that cannot be written either, memory.
    assertWorks(Jvm.with(home, temporary).by(mount).run(Opening.class));
    assertWorks(Jvm.with(READ_ONLY, temporary).by(mount).run(Opening.class));
    Path named = Files.createDirectory(temporary.resolve("named"));
    String refused =
        Jvm.with(home, temporary)
            .by(mount)
            .environment("VESALIUS_CACHE", temporary.toString())
            .run(Opening.class)
            .output();
    assertTrue(refused.contains("failed to map segment"), refused);
    Files.delete(named);
  }

  private static boolean runs(List<String> command) throws InterruptedException {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void nativeAccessThatIsNotGivenOnlyWarns() throws IOException, InterruptedException {
    Jvm.Result warned = Jvm.with(home, temporary).run(Opening.class);
    assertWorks(warned);
    assertTrue(warned.output().contains("--enable-native-access"), warned.output());
    Jvm.Result given =
        Jvm.with(home, temporary).flags("--enable-native-access=ALL-UNNAMED").run(Opening.class);
    assertFalse(given.output().contains("WARNING"), given.output());
    String denied =
        Jvm.with(home, temporary).flags("--illegal-native-access=deny").run(Opening.class).output();
    assertTrue(
        denied.contains(
            "does not work: this JVM denies native access; start it with --enable-native-access=ALL-UNNAMED [java.lang.IllegalCallerException"),
        denied);
  }

  /** Class paths that were built without the library, or put together without its loader. */
  @Test
  void whatIsMissingIsNamed() throws IOException, InterruptedException {
    Path classes = Files.createDirectory(folder.resolve("classes"));
    List<Path> without = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path", "").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      if (Files.exists(path.resolve("org/vesalius/nativekernels/NativeLibrary.class"))) {
        copy(path, classes);
        without.add(classes);
      } else {
        without.add(path);
      }
    }
    Path packed = onlyFolder(classes.resolve("org/vesalius/nativekernels"));
    Files.delete(packed.resolve(System.mapLibraryName("vesalius")));
    String silent = Jvm.with(home, temporary).classPath(without).run(Opening.class).output();
    String missing =
        "does not work: no native library for " + packed.getFileName() + " in this build: ";
    assertTrue(
        silent.contains(missing + "it was built without; build it on this platform"), silent);
    Files.writeString(packed.resolve("missing.txt"), "cmake is not on the PATH; install CMake\n");
    String said = Jvm.with(home, temporary).classPath(without).run(Opening.class).output();
    assertTrue(said.contains(missing + "cmake is not on the PATH; install CMake"), said);
    List<Path> unpacked =
        without.stream().filter(path -> !path.toString().contains("javacpp")).toList();
    String bare = Jvm.with(home, temporary).classPath(unpacked).run(Opening.class).output();
    assertTrue(
        bare.contains("put org.bytedeco:javacpp on the class path [java.lang.NoClassDefFoundError"),
        bare);
  }

  private static Path onlyFolder(Path parent) throws IOException {
    try (Stream<Path> files = Files.list(parent)) {
      return files.filter(Files::isDirectory).findFirst().orElseThrow();
    }
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
  void wrongInstructionSetsAreRefused() throws IOException, InterruptedException {
    String output =
        Jvm.with(home, temporary).environment("VESALIUS_ISA", "avx3").run(Opening.class).output();
    assertTrue(
        output.contains("does not work: VESALIUS_ISA is \"avx3\"; expected one that works here: "),
        output);
    BackendStatus status = new NativeBackend().probe();
    assertTrue(status instanceof BackendStatus.Available, status.toString());
    List<String> parts = Arrays.asList(((BackendStatus.Available) status).detail().split(", ", -1));
    String capped =
        Jvm.with(home, temporary)
            .environment("VESALIUS_ISA", parts.getFirst())
            .run(Opening.class)
            .output();
    assertTrue(capped.contains("works (" + parts.getFirst() + ", "), capped);
  }
}

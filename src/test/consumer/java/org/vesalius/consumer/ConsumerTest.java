package org.vesalius.consumer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The program in {@code project}, which was built before from the installed artifacts alone,
 * answers from its own jars, from one shaded jar, and from two class loaders.
 */
class ConsumerTest {
  private static final long PATIENCE_SECONDS = 120;
  private static final List<String> NO_FLAGS = List.of();
  private static final List<String> FLAGS =
      List.of("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED");
  private static final String REPORT =
      "Findings: There is a nodule in the left upper zone. No pleural effusion or pneumothorax."
          + " The heart size is normal.\nImpression: Left upper nodule.";
  private static final String HELLO = "Hello. Attach a chest phantom image and ask me about it.";

  @TempDir private Path folder;

  /** What a run printed. */
  private record Run(int exitCode, String out, String err) {

    /** What was answered, after the line that names the backend. */
    String answer() {
      assertEquals(0, exitCode, err);
      return out.substring(out.indexOf('\n') + 1).strip();
    }

    String backend() {
      return out.substring(0, out.indexOf(' '));
    }
  }

  private static Path target() {
    return Path.of(System.getProperty("vesalius.consumer.target", ""));
  }

  private static String shaded() {
    return target().resolve("report-1-all.jar").toString();
  }

  private static String separateJars() {
    return target().resolve("report.jar") + File.pathSeparator + target().resolve("lib") + "/*";
  }

  private Run java(List<String> flags, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of(arguments));
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    // Flags from outside are flags too, and the library must come from the jar.
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    builder.environment().remove("JDK_JAVA_OPTIONS");
    builder.environment().put("VESALIUS_CACHE", folder.resolve("cache").toString());
    Process process = builder.start();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new AssertionError("no end after " + PATIENCE_SECONDS + " s: " + command);
    }
    return new Run(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  /** The native library is in the jar where it was built, and then it must be what answers. */
  private static void checkBackend(Run run) throws IOException {
    try (ZipFile jar = new ZipFile(shaded())) {
      boolean built =
          jar.stream()
              .anyMatch(entry ->
                  entry.getName().matches("org/vesalius/nativekernels/[^/]+/.*vesalius\\.[a-z]+"));
      boolean required =
          List.of(System.getProperty("vesalius.require", "").split(",")).contains("native");
      assertTrue(built || !required, "expected the native library in " + shaded());
      if (built) {
        assertEquals("native", run.backend(), run.err());
      }
    }
  }

  @Test
  void withoutFlags() throws Exception {
    Run run = java(NO_FLAGS, "-cp", separateJars(), "example.Report");
    assertEquals(REPORT, run.answer());
    checkBackend(run);
  }

  @Test
  void withFlagsNothingIsWarnedOf() throws Exception {
    Run run = java(FLAGS, "-cp", separateJars(), "example.Report");
    assertEquals(REPORT, run.answer());
    checkBackend(run);
    assertFalse(run.err().contains("restricted method"), run.err());
  }

  @Test
  void inOneJarWithoutFlags() throws Exception {
    Run run = java(NO_FLAGS, "-jar", shaded());
    assertEquals(REPORT, run.answer());
    checkBackend(run);
  }

  @Test
  void inOneJarEveryBackendIsFound() throws Exception {
    for (String backend : List.of("reference", "simd")) {
      Run run = java(FLAGS, "-jar", shaded(), backend);
      assertEquals(HELLO, run.answer());
      assertEquals(backend, run.backend());
    }
    Run missing = java(NO_FLAGS, "-jar", shaded(), "simd");
    assertEquals(1, missing.exitCode());
    assertTrue(missing.err().contains("--add-modules"), missing.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"own", "program"})
  void inTwoClassLoadersThatCanBeUnloaded(String context) throws Exception {
    List<String> flags = new ArrayList<>(FLAGS);
    // What the JDK itself keeps softly would go only when memory is short.
    flags.add("-XX:SoftRefLRUPolicyMSPerMB=0");
    Run run =
        java(
            flags,
            "-cp",
            Path.of(Loaders.class.getProtectionDomain().getCodeSource().getLocation().toURI())
                .toString(),
            Loaders.class.getName(),
            shaded(),
            context);
    assertEquals(0, run.exitCode(), run.err());
    assertEquals(3, run.out().split(REPORT, -1).length - 1, run.out());
    List<String> answers = run.out().lines().toList();
    // A backend, two lines of a report, a backend, a line about a pixel; twice.
    Run alone = java(FLAGS, "-jar", shaded(), "webp");
    assertEquals(alone.answer(), answers.get(4));
    assertEquals(alone.answer(), answers.get(9));
    assertEquals("still loaded: 0", answers.getLast());
  }

  @Test
  void thisTestSeesNothingOfVesalius() {
    for (String name : List.of("org.vesalius.runtime.ChatModel", "org.vesalius.demo.DemoModel")) {
      assertThrows(ClassNotFoundException.class, () -> Class.forName(name));
    }
  }

  @Test
  void whatWasInstalledIsAllThatWasUsed() throws IOException {
    Path installed =
        Path.of(System.getProperty("vesalius.consumer.repository", ""), "org", "vesalius");
    try (var jars = Files.list(target().resolve("lib"))) {
      List<Path> ours =
          jars.filter(jar -> jar.getFileName().toString().startsWith("vesalius-")).toList();
      assertEquals(6, ours.size(), ours.toString());
      for (Path jar : ours) {
        try (var all = Files.walk(installed)) {
          Path same =
              all.filter(file -> file.getFileName().equals(jar.getFileName()))
                  .findFirst()
                  .orElseThrow(() -> new AssertionError(jar + " is not in " + installed));
          try (InputStream one = Files.newInputStream(jar);
              InputStream other = Files.newInputStream(same)) {
            assertEquals(-1, mismatch(one, other), jar.toString());
          }
        }
      }
    }
  }

  private static int mismatch(InputStream one, InputStream other) throws IOException {
    return java.util.Arrays.mismatch(one.readAllBytes(), other.readAllBytes());
  }
}

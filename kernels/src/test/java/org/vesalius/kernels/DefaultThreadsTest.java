package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where nobody says how many threads compute, it is as many as the JVM counts processors, which is
 * what a control group or an affinity mask leaves to the process. The JVM's own switch stands in
 * for a control group here, which a test cannot make.
 */
class DefaultThreadsTest {

  /** Prints how many threads compute by default. */
  static final class Program {
    private Program() {}

    /** The program. */
    public static void main(String[] args) {
      System.out.println(KernelOptions.defaults().threads());
    }
  }

  @Test
  void asManyAsProcessors() {
    assertEquals(Runtime.getRuntime().availableProcessors(), KernelOptions.defaults().threads());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7})
  void asManyAsTheProcessMayUse(int processors) throws IOException, InterruptedException {
    assertEquals(
        processors,
        threads(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:ActiveProcessorCount=" + processors,
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName()));
  }

  private static int threads(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the program does not end");
      assertEquals(0, process.exitValue(), out);
      return Integer.parseInt(out.strip());
    } finally {
      process.destroyForcibly();
    }
  }
}

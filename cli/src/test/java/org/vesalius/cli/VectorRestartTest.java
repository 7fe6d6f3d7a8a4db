package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.Backends;

/** A JVM that the launcher has started without the Vector API. */
class VectorRestartTest {
  private static final String RESTARTED = "Using incubator modules: jdk.incubator.vector";

  @TempDir private Path folder = Path.of("");

  /** With the compiled kernels, or with instructions that no processor has. */
  private Execution run(boolean compiled, String... arguments)
      throws IOException, InterruptedException {
    return Execution.inNewJvm(
        folder,
        List.of("-D" + VectorRestart.PROPERTY + "=later"),
        Map.of("VESALIUS_ISA", compiled ? "" : "nonsense"),
        arguments);
  }

  private static String[] request() {
    return new String[] {
      "run",
      "--model",
      Execution.fixture("qwen2").toString(),
      "--prompt",
      "Hello",
      "--max-tokens",
      "2",
      "--context",
      "256"
    };
  }

  @Test
  void startsAgainWhereNoCompiledKernelsWork() throws IOException, InterruptedException {
    Execution restarted = run(false, request()).expect(0);
    assertTrue(restarted.err().contains(RESTARTED), restarted.err());
    assertTrue(restarted.err().contains("; simd ("), restarted.err());
    assertEquals(Execution.of(request()).expect(0).out(), restarted.out(), "the answer");
  }

  @Test
  void endsAsTheSecondOneEnds() throws IOException, InterruptedException {
    Execution refused = run(false, "run", "--model").expect(Vesalius.BAD_USAGE);
    assertTrue(refused.err().contains("vesalius: Missing required parameter"), refused.err());
  }

  @Test
  void staysWhereTheyWork() throws IOException, InterruptedException {
    boolean works =
        Backends.all().stream()
            .anyMatch(backend ->
                backend.name().equals("native")
                    && backend.probe() instanceof BackendStatus.Available);
    if (!System.getProperty("vesalius.require", "").contains("native")) {
      Assumptions.assumeTrue(works, "needs compiled kernels");
    }
    Execution compiled = run(true, request()).expect(0);
    assertFalse(compiled.err().contains(RESTARTED), compiled.err());
    assertTrue(compiled.err().contains("; native ("), compiled.err());
  }
}

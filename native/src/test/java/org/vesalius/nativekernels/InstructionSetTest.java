package org.vesalius.nativekernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.BackendsUnderTest;

/**
 * The instruction set that was asked for by {@code VESALIUS_ISA} is what computes, wherever the
 * processor has it according to Linux: so the contract tests of a set are skipped for no other
 * reason than its absence.
 */
class InstructionSetTest {
  private static final Path CPU = Path.of("/proc/cpuinfo");

  private static final Map<String, List<String>> NEEDED = new LinkedHashMap<>();

  static {
    NEEDED.put("baseline", List.of("sse2"));
    NEEDED.put("avx2", List.of("avx2", "fma", "f16c"));
    NEEDED.put(
        "avx512",
        List.of(
            "avx2",
            "fma",
            "f16c",
            "avx512f",
            "avx512dq",
            "avx512bw",
            "avx512vl",
            "avx512_vnni",
            "avx512_bf16"));
    NEEDED.put("amx", List.of("avx512_bf16", "amx_bf16", "amx_tile", "amx_int8"));
    NEEDED.put("neon", List.of("asimd", "asimddp"));
  }

  /** What Linux says that the first processor has. */
  private static List<String> features() throws IOException {
    Assumptions.assumeTrue(Files.isReadable(CPU), "the processor's features, in " + CPU);
    return Files.readAllLines(CPU).stream()
        .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
        .findFirst()
        .map(line -> Arrays.asList(line.substring(line.indexOf(':') + 1).strip().split(" ", -1)))
        .orElse(List.of());
  }

  @Test
  void whatTheProcessorHasIsUsed() throws IOException {
    List<String> features = features();
    String asked = System.getenv().getOrDefault("VESALIUS_ISA", "");
    BackendStatus status = new NativeBackend().probe();
    if (status instanceof BackendStatus.Unavailable missing
        && missing.reason().startsWith("no native library")) {
      // Skipped, or failed where it is required.
      BackendsUnderTest.open("native", 1).close();
    }
    if (asked.isEmpty()) {
      String best = "";
      for (Map.Entry<String, List<String>> set : NEEDED.entrySet()) {
        best = features.containsAll(set.getValue()) ? set.getKey() : best;
      }
      assertWorks(best, status);
    } else if (features.containsAll(NEEDED.getOrDefault(asked, List.of("unknown")))) {
      assertWorks(asked, status);
    } else {
      BackendStatus.Unavailable unavailable =
          assertInstanceOf(BackendStatus.Unavailable.class, status);
      assertTrue(unavailable.reason().contains("VESALIUS_ISA"), unavailable.reason());
    }
  }

  private static void assertWorks(String set, BackendStatus status) {
    String detail = assertInstanceOf(BackendStatus.Available.class, status).detail();
    assertEquals(set, detail.substring(0, detail.indexOf(',')));
  }
}

package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.StoredWeights.Format;
import org.vesalius.kernels.StoredWeights.Place;

/** Opening and closing of every backend. */
class LifecycleContractTest {

  private static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("vesalius"))
        .collect(Collectors.toSet());
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void closeLeavesNothingBehind(String backend) {
    Set<Thread> before = threads();
    for (int i = 0; i < 20; i++) {
      Kernels kernels = BackendsUnderTest.open(backend, 3);
      assertTrue(kernels.description().startsWith(backend), kernels.description());
      Tensor x = Matrices.of(kernels, 1, 64, new Samples(41).normal(64, 1));
      Tensor out = kernels.allocate(ElementType.F32, 1, 4096);
      kernels.linear(
          out,
          x,
          kernels.place(
              StoredWeights.of(
                  Arena.ofAuto(), Format.F32, Place.ALIGNED, 4096, 64, new float[4096 * 64])),
          null);
      kernels.close();
      kernels.close();
      assertThrows(IllegalStateException.class, () -> Matrices.read(kernels, out));
      assertEquals(before, threads());
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void newMemoryIsZero(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 1)) {
      for (int i = 0; i < 3; i++) {
        Tensor x = kernels.allocate(ElementType.F32, 50, 70);
        for (float value : Matrices.read(kernels, x)) {
          assertEquals(0f, value);
        }
        kernels.write(x, new Samples(42).normal(50 * 70, 1));
      }
    }
  }

  /** Two that are open at once share nothing, not even when their callers run at the same time. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void independentOfEachOther(String backend) throws InterruptedException {
    AttentionCase attention =
        new AttentionCase(new Samples(43), AttentionShape.causal(4, 2, 16), 1, 60, 33);
    float[] expected;
    try (Kernels kernels = BackendsUnderTest.open(backend, 1)) {
      expected = attention.paged(kernels, 16);
    }
    Thread[] callers = new Thread[4];
    @Nullable Throwable[] failures = new @Nullable Throwable[callers.length];
    for (int i = 0; i < callers.length; i++) {
      int caller = i;
      callers[i] =
          new Thread(() -> {
            try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
              for (int round = 0; round < 10; round++) {
                Matrices.assertIdentical(
                    backend + " caller " + caller, expected, attention.paged(kernels, 16));
              }
            } catch (RuntimeException | Error e) {
              failures[caller] = e;
            }
          });
      callers[i].start();
    }
    for (int i = 0; i < callers.length; i++) {
      callers[i].join();
      int caller = i;
      assertEquals(null, failures[i], () -> "caller " + caller);
    }
  }
}

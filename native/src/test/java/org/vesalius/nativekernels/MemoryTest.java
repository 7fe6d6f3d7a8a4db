package org.vesalius.nativekernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.BackendsUnderTest;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/** What native calls are given, and what stays when a backend is closed. */
class MemoryTest {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int WIDTH = 1024;

  /** Kibibytes of memory that this process holds. */
  private static long held() throws IOException {
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }

  /** Each time: 48 MiB of tensors, about as much prepared and scratch memory. */
  private static void use() {
    try (Kernels kernels = BackendsUnderTest.open("native", 3);
        Arena arena = Arena.ofConfined()) {
      Tensor x = kernels.allocate(ElementType.F32, 6 * WIDTH, WIDTH);
      Tensor out = kernels.allocate(ElementType.F32, 6 * WIDTH, WIDTH);
      x.data().fill((byte) 1);
      Weight weight = new Weight.BF16(arena.allocate(2L * WIDTH * 64), 64, WIDTH);
      kernels.linear(out.columns(0, 64), x, weight, null);
      out.data().fill((byte) 1);
    }
  }

  @Test
  void closingTwentyTimesLeavesNothing() throws IOException {
    Assumptions.assumeTrue(Files.isReadable(STATUS), "the memory of this process, in " + STATUS);
    // The C library keeps some of what is freed, and needs a few rounds to settle.
    for (int i = 0; i < 10; i++) {
      use();
    }
    long before = held();
    for (int i = 0; i < 20; i++) {
      use();
    }
    long grown = held() - before;
    // One use holds twice as much.
    assertTrue(grown < 48 << 10, "grown by " + grown + " KiB in 20 uses");
  }

  @Test
  void memoryOfTheJavaHeapStaysOutside() {
    try (Kernels kernels = BackendsUnderTest.open("native", 1)) {
      Tensor x = kernels.allocate(ElementType.F32, 1, 2);
      Tensor out = kernels.allocate(ElementType.F32, 1, 1);
      kernels.write(x, new float[] {3, 4});
      MemorySegment heap = MemorySegment.ofArray(new float[] {5, 6});
      Weight weight = new Weight.F32(heap, 1, 2);
      for (Runnable call :
          List.<Runnable>of(
              () -> kernels.linear(out, x, weight, null),
              () -> kernels.add(x, new Tensor(ElementType.F32, heap, 1, 2, 2)))) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call::run);
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains("expected memory outside the Java heap"), message);
      }
      kernels.linear(out, x, kernels.place(weight), null);
      assertEquals(39f, out.data().get(ValueLayout.JAVA_FLOAT, 0));
      Weight byteWeight =
          new Weight.Int8(
              MemorySegment.ofArray(new byte[] {5, 6}),
              MemorySegment.ofArray(new float[] {1}),
              1,
              2);
      kernels.write(x, new float[] {127, -127});
      kernels.linear(out, x, kernels.place(byteWeight), null);
      assertEquals(-127f, out.data().get(ValueLayout.JAVA_FLOAT, 0));
    }
  }

  @Test
  void freedMemoryIsNotTouched() {
    Kernels kernels = BackendsUnderTest.open("native", 1);
    Tensor x = kernels.allocate(ElementType.F32, 1, 2);
    Tensor out = kernels.allocate(ElementType.F32, 1, 1);
    Arena arena = Arena.ofShared();
    Weight weight = new Weight.F32(arena.allocate(8), 1, 2);
    kernels.linear(out, x, weight, null);
    arena.close();
    assertThrows(IllegalStateException.class, () -> kernels.linear(out, x, weight, null));
    kernels.close();
    assertThrows(IllegalStateException.class, () -> kernels.add(x, x));
  }
}

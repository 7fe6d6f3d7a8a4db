package org.vesalius.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.BackendUnavailableException;
import org.vesalius.kernels.BackendsUnderTest;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Matrices;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/** What the device refuses or gets wrong: one clear error, and nothing is left behind. */
@SuppressWarnings("restricted")
class DeviceFaultTest {
  private static final int OUT_OF_MEMORY = 2;
  private static final int ILLEGAL_ADDRESS = 700;
  private static final int LAUNCH_FAILED = 719;

  @BeforeEach
  void requireDevice() {
    Simulated.folder();
  }

  @AfterEach
  void wishNothing() {
    Simulated.fail("", 0, 0);
  }

  private static Kernels open() {
    return BackendsUnderTest.open("cuda", 2);
  }

  private static String message(Class<? extends Exception> type, Runnable call) {
    return String.valueOf(assertThrows(type, call::run).getMessage());
  }

  private static void assertContains(String message, String... parts) {
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  /** The sum of some rows, to see that the device still computes. */
  private static void assertWorks(Kernels kernels) {
    Tensor x = Matrices.of(kernels, 2, 3, 1, 2, 3, 4, 5, 6);
    kernels.add(x, x);
    assertEquals(12f, Matrices.read(kernels, x)[5]);
  }

  /** What the device holds for this process, in its own counts. */
  private static Map<String, Long> held() {
    Map<String, Long> counts = new TreeMap<>();
    for (String what :
        List.of(
            "allocations",
            "allocation_bytes",
            "pinned",
            "pinned_bytes",
            "contexts",
            "streams",
            "events",
            "modules")) {
      counts.put(what, Simulated.counter(what));
    }
    return counts;
  }

  @Test
  void tooLargeIsRefusedWithNumbers() {
    try (Kernels kernels = open()) {
      Tensor kept = Matrices.of(kernels, 1, 1, 7f);
      String refused =
          message(DeviceException.class, () -> kernels.allocate(ElementType.F32, 1 << 20, 1 << 20));
      assertContains(
          refused,
          "a tensor F32 (1048576, 1048576) needs 4194304.0 MiB of the device's memory, found ",
          " free of ",
          " held here; ");
      MemorySegment address = MemorySegment.ofAddress(1 << 20).reinterpret(1L << 40);
      Weight large = new Weight.BF16(address, 1 << 20, 1 << 19);
      assertContains(
          message(DeviceException.class, () -> kernels.place(large)),
          "a weight of (1048576, 524288) needs 1048576.0 MiB");
      assertEquals(7f, Matrices.read(kernels, kept)[0]);
      assertWorks(kernels);
    }
  }

  /** Two of three parts fit; then none of them is kept. */
  @Test
  void weightsThatDoNotFitLeaveNothing() {
    try (Kernels kernels = open();
        Arena arena = Arena.ofConfined()) {
      Map<String, Long> before = held();
      MemorySegment halves = arena.allocate(2 * 16);
      Weight weight = new Weight.Int4(arena.allocate(32 * 16), halves, halves, 16, 64);
      Simulated.fail("alloc", 2, OUT_OF_MEMORY);
      assertContains(
          message(DeviceException.class, () -> kernels.place(weight)),
          "a weight of (16, 64) needs 32 bytes");
      assertEquals(before, held());
      assertWorks(kernels);
    }
  }

  /** What a step does some hundred times. */
  @Test
  void launchesMakeLittleGarbage() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Kernels kernels = open()) {
      Tensor x = Matrices.of(kernels, 1, 1, 1f);
      int launches = 2000;
      long bytes = 0;
      // The first rounds compile.
      for (int round = 0; round < 10; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < launches; i++) {
          kernels.scale(x, 1);
        }
        bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertEquals(1f, Matrices.read(kernels, x)[0]);
      }
      assertTrue(bytes < 64L * launches, bytes + " bytes in " + launches + " launches");
    }
  }

  @Test
  void allocationsThatFailLeaveTheRestUsable() {
    try (Kernels kernels = open()) {
      Simulated.fail("alloc", 0, OUT_OF_MEMORY);
      assertContains(
          message(DeviceException.class, () -> kernels.allocate(ElementType.F32, 3, 5)),
          "a tensor F32 (3, 5) needs 60 bytes");
      assertWorks(kernels);
    }
  }

  @Test
  void openingThatFailsLeavesNothing() {
    open().close();
    Map<String, Long> before = held();
    for (String what :
        List.of(
            "context",
            "alloc",
            "host_alloc",
            "module",
            "get_function",
            "stream",
            "event",
            "memset",
            "cublas")) {
      Simulated.fail(what, 0, OUT_OF_MEMORY);
      String message =
          message(
              BackendUnavailableException.class,
              () -> Opening.backend().open(new KernelOptions(2)));
      assertContains(message, "backend cuda: cuda: ");
      assertEquals(before, held(), what);
      try (Kernels kernels = open()) {
        assertWorks(kernels);
      }
    }
  }

  @Test
  void copiesThatFail() {
    try (Kernels kernels = open()) {
      Tensor x = kernels.allocate(ElementType.F32, 2, 2);
      Simulated.fail("copy", 0, LAUNCH_FAILED);
      assertContains(
          message(DeviceException.class, () -> kernels.write(x, new float[4])),
          "cuMemcpyHtoDAsync of a copy to the device failed with CUDA_ERROR_LAUNCH_FAILED (");
    }
  }

  /** A fault of a kernel shows later; then the last work before is named, and nothing works on. */
  @Test
  void faultsOfKernelsShowAtTheNextRead() {
    try (Kernels kernels = open()) {
      Tensor x = Matrices.of(kernels, 2, 2, 1, 2, 3, 4);
      Simulated.fail("launch:vesalius_scale", 0, ILLEGAL_ADDRESS);
      kernels.scale(x, 2);
      String first = message(DeviceException.class, () -> Matrices.read(kernels, x));
      assertContains(
          first, "CUDA_ERROR_ILLEGAL_ADDRESS (", "vesalius.cuda.debug=true names the kernel");
      assertContains(
          message(DeviceException.class, () -> Matrices.read(kernels, x)),
          "CUDA_ERROR_ILLEGAL_ADDRESS");
    }
    try (Kernels kernels = open()) {
      assertWorks(kernels);
    }
  }

  @Test
  void debuggingNamesTheKernel() {
    System.setProperty("vesalius.cuda.debug", "true");
    try (Kernels kernels = open()) {
      Tensor x = Matrices.of(kernels, 2, 2, 1, 2, 3, 4);
      Simulated.fail("launch:vesalius_scale", 0, ILLEGAL_ADDRESS);
      kernels.add(x, x);
      assertContains(
          message(DeviceException.class, () -> kernels.scale(x, 2)),
          "CUDA_ERROR_ILLEGAL_ADDRESS (",
          "; it is vesalius_scale that failed");
    } finally {
      System.clearProperty("vesalius.cuda.debug");
    }
  }

  @Test
  void closingTwentyTimesLeavesNothing() {
    Set<Thread> threads = Thread.getAllStackTraces().keySet();
    Map<String, Long> before = held();
    for (int i = 0; i < 20; i++) {
      try (Kernels kernels = open()) {
        assertWorks(kernels);
        MemorySegment numbers = MemorySegment.ofArray(new float[4096]);
        Weight weight = kernels.place(new Weight.F32(numbers, 64, 64));
        Tensor x = kernels.allocate(ElementType.F32, 20, 64);
        kernels.linear(x, kernels.allocate(ElementType.F32, 20, 64), weight, null);
        assertNotEquals(before, held());
      }
      assertEquals(before, held(), "after " + i);
    }
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      assertTrue(
          threads.contains(thread) || !thread.getName().startsWith("vesalius"), thread.getName());
    }
  }

  @Test
  void otherMemoryStaysOutside() {
    try (Kernels kernels = open();
        Kernels other = open()) {
      Tensor x = Matrices.of(kernels, 1, 2, 3, 4);
      Tensor foreign = other.allocate(ElementType.F32, 1, 2);
      MemorySegment heap = MemorySegment.ofArray(new float[] {5, 6});
      Tensor host = new Tensor(ElementType.F32, heap, 1, 2, 2);
      for (Runnable call :
          List.<Runnable>of(
              () -> kernels.add(x, foreign),
              () -> kernels.add(x, host),
              () -> kernels.read(new float[2], host),
              () -> kernels.linear(x.columns(0, 1), x, new Weight.F32(heap, 1, 2), null))) {
        assertContains(
            message(IllegalArgumentException.class, call), "cuda: expected memory of this device");
      }
      assertWorks(kernels);
    }
  }

  /** A large weight goes through memory that is used again many times over. */
  @Test
  void largeWeightsArriveWhole() {
    int rows = 1500;
    int columns = 4099;
    float[] numbers = new float[rows * columns];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i % 65_521;
    }
    long earlier = Simulated.counter("host_to_device_bytes");
    try (Kernels kernels = open()) {
      Weight weight = kernels.place(new Weight.F32(MemorySegment.ofArray(numbers), rows, columns));
      Tensor out = kernels.allocate(ElementType.F32, rows, columns);
      int[] ids = new int[rows];
      for (int i = 0; i < rows; i++) {
        ids[i] = i;
      }
      kernels.embed(out, weight, Matrices.integers(kernels, ids));
      Matrices.assertIdentical("rows", numbers, Matrices.read(kernels, out));
      long copied = Simulated.counter("host_to_device_bytes") - earlier;
      assertTrue(copied >= 4L * numbers.length, "copied " + copied);
      Weight turned =
          kernels.place(
              new Weight.Transposed(new Weight.F32(MemorySegment.ofArray(numbers), rows, columns)));
      assertEquals(columns, turned.rows());
      Tensor row = kernels.allocate(ElementType.F32, 1, rows);
      kernels.embed(row, turned, Matrices.integers(kernels, 4098));
      float[] column = Matrices.read(kernels, row);
      for (int r = 0; r < rows; r++) {
        assertEquals(numbers[r * columns + 4098], column[r], "row " + r);
      }
    }
  }

  @Test
  void faultsInContentsAreToldOnce() {
    try (Kernels kernels = open()) {
      Tensor x = Matrices.of(kernels, 2, 1, 1, 2);
      Tensor out = kernels.allocate(ElementType.F32, 2, 1);
      kernels.gatherRows(out, x, Matrices.integers(kernels, 1, 2));
      kernels.scatterRows(out, x, Matrices.integers(kernels, -5, 0));
      assertContains(
          message(IndexOutOfBoundsException.class, () -> Matrices.read(kernels, x)),
          "gatherRows: expected indices below 2, found 2 at 1");
      assertEquals(1f, Matrices.read(kernels, x)[0]);
      assertWorks(kernels);
    }
  }

  @Test
  void anyThreadMayCall() throws InterruptedException {
    try (Kernels kernels = open()) {
      Tensor x = Matrices.of(kernels, 1, 1, 1f);
      for (int i = 0; i < 4; i++) {
        Thread thread = new Thread(() -> kernels.add(x, x));
        thread.start();
        thread.join();
      }
      assertEquals(16f, Matrices.read(kernels, x)[0]);
    }
  }

  @Test
  void nothingWorksAfterClosing() {
    Kernels kernels = open();
    Tensor x = Matrices.of(kernels, 1, 1, 1f);
    kernels.close();
    for (Runnable call :
        List.<Runnable>of(
            () -> kernels.add(x, x),
            () -> kernels.write(x, new float[1]),
            () -> kernels.read(new float[1], x),
            () -> kernels.allocate(ElementType.F32, 1, 1),
            () -> kernels.place(new Weight.F32(MemorySegment.ofArray(new float[] {1}), 1, 1)))) {
      assertThrows(IllegalStateException.class, call::run);
    }
  }
}

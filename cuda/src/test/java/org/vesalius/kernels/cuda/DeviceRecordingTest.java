package org.vesalius.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.BackendUnavailableException;
import org.vesalius.kernels.BackendsUnderTest;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Matrices;
import org.vesalius.kernels.Recording;
import org.vesalius.kernels.Roofline;
import org.vesalius.kernels.Samples;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/** Operations that become graphs of the device, and which device it is. */
class DeviceRecordingTest {
  private static final int ROWS = 40;
  private static final int COLUMNS = 256;

  @BeforeEach
  void requireDevice() {
    Simulated.folder();
  }

  private static Weight bytes(Kernels kernels, Arena arena) {
    return kernels.place(
        new Weight.Int8(
            arena.allocate(ROWS * COLUMNS).fill((byte) 3),
            arena.allocate(4 * ROWS),
            ROWS,
            COLUMNS));
  }

  /** The first run is plain, the second captures, and nothing is launched one by one after that. */
  @Test
  void repeatedOperationsAreOneLaunch() {
    try (Kernels kernels = BackendsUnderTest.open("cuda", 1)) {
      Tensor x = Matrices.of(kernels, 1, 2, 1, 2);
      long graphs = Simulated.counter("graph_launches");
      long executables = Simulated.counter("graph_execs");
      Recording recording =
          kernels.record(() -> {
            kernels.add(x, x);
            kernels.scale(x, 3);
          });
      for (int run = 0; run < 4; run++) {
        recording.run();
      }
      assertArrayEquals(new float[] {1296, 2592}, Matrices.read(kernels, x));
      assertEquals(graphs + 3, Simulated.counter("graph_launches"));
      assertEquals(executables + 1, Simulated.counter("graph_execs"));
      recording.close();
      recording.close();
      assertEquals(executables, Simulated.counter("graph_execs"));
      assertEquals(0, Simulated.counter("graphs"));
    }
  }

  /** Memory between operations moves when it grows: what was recorded before is recorded anew. */
  @Test
  void memoryThatMovesIsNotUsedAnyMore() {
    Samples samples = new Samples(71);
    try (Kernels kernels = BackendsUnderTest.open("cuda", 1);
        Arena arena = Arena.ofConfined()) {
      Weight weight = bytes(kernels, arena);
      Tensor one = Matrices.of(kernels, 1, COLUMNS, samples.normal(COLUMNS, 1));
      Tensor out = kernels.allocate(ElementType.F32, 1, ROWS);
      try (Recording recording = kernels.record(() -> kernels.linear(out, one, weight, null))) {
        recording.run();
        recording.run();
        float[] expected = Matrices.read(kernels, out);
        int many = 500;
        kernels.linear(
            kernels.allocate(ElementType.F32, many, ROWS),
            Matrices.of(kernels, many, COLUMNS, samples.normal(many * COLUMNS, 1)),
            weight,
            null);
        for (int run = 0; run < 3; run++) {
          kernels.write(out, new float[ROWS]);
          recording.run();
          assertArrayEquals(expected, Matrices.read(kernels, out), "run " + run);
        }
      }
    }
  }

  /** What cannot be repeated is refused while it is recorded, and the device goes on. */
  @Test
  void whatCannotBeRecordedIsRefused() {
    try (Kernels kernels = BackendsUnderTest.open("cuda", 1)) {
      Tensor x = Matrices.of(kernels, 1, 2, 1, 2);
      int[] runs = {0};
      Recording recording =
          kernels.record(() -> {
            kernels.add(x, x);
            if (runs[0]++ > 0) {
              kernels.allocate(ElementType.F32, 1, 1);
            }
          });
      recording.run();
      String message =
          String.valueOf(assertThrows(IllegalStateException.class, recording::run).getMessage());
      assertTrue(message.contains("is allocated while operations are recorded"), message);
      assertArrayEquals(new float[] {2, 4}, Matrices.read(kernels, x));
      kernels.add(x, x);
      assertArrayEquals(new float[] {4, 8}, Matrices.read(kernels, x));
      recording.close();
      assertEquals(0, Simulated.counter("graphs"));
    }
  }

  /** A device that is not there, and one that is too small for what is going to be placed. */
  @Test
  void deviceAndMemoryAreAskedFor() {
    Backend backend = Opening.backend();
    KernelOptions options = new KernelOptions(1);
    assertInstanceOf(BackendStatus.Available.class, backend.probe(options.withBytes(1L << 30)));
    String none = reason(backend, options.withDevice(1));
    assertTrue(
        none.startsWith("there is no device 1: the driver shows one, device 0; name one of them"),
        none);
    String small = reason(backend, options.withBytes(64L << 30));
    assertTrue(small.startsWith("about 65536.0 MiB are needed and device 0, "), small);
    assertTrue(
        String.valueOf(
                assertThrows(
                        BackendUnavailableException.class,
                        () -> backend.open(options.withBytes(64L << 30)))
                    .getMessage())
            .startsWith("backend cuda: about 65536.0 MiB are needed"));
    // Others may hold what the device has.
    try (Kernels first = backend.open(options)) {
      long total = 4L << 30;
      first.allocate(ElementType.I8, 1 << 10, 8 << 10);
      String held =
          String.valueOf(
              assertThrows(
                      BackendUnavailableException.class,
                      () -> backend.open(options.withBytes(total - (1 << 20))))
                  .getMessage());
      assertTrue(held.contains("all that is going to be placed needs 4095.0 MiB"), held);
    }
  }

  @Test
  void findingsNameDriverLibraryAndDevices() {
    List<String> findings = Opening.backend().findings();
    assertEquals(3, findings.size(), findings.toString());
    assertTrue(findings.get(0).startsWith("driver for CUDA 12.6"), findings.get(0));
    assertTrue(findings.get(1).startsWith("cuBLAS 12.6.0, /"), findings.get(1));
    assertTrue(findings.get(1).endsWith("/libcublas.so.12"), findings.get(1));
    assertTrue(
        findings
            .get(2)
            .matches(
                "device 0: Simulated device, compute capability 9\\.0, 4096\\.0 MiB, [0-9.]+ MiB"
                    + " free; computes what it should \\(opened and checked in \\d+ ms\\); FP8 by cuBLASLt"),
        findings.get(2));
  }

  @Test
  void limitsAreTheDevices() {
    long allocations = Simulated.counter("allocations");
    long products = Simulated.counter("gemms");
    Backend backend = Opening.backend();
    Roofline limits = Roofline.measure(backend, new KernelOptions(1));
    assertTrue(limits.readBandwidth() > 1e6, limits.toString());
    assertTrue(limits.matrixRate() > 1e6, limits.toString());
    assertTrue(Simulated.counter("gemms") > products);
    assertEquals(allocations, Simulated.counter("allocations"));
    assertEquals(0, Simulated.counter("contexts"));
  }

  private static String reason(Backend backend, KernelOptions options) {
    return assertInstanceOf(BackendStatus.Unavailable.class, backend.probe(options)).reason();
  }
}

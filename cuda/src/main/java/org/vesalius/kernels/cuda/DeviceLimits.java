package org.vesalius.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import jcuda.driver.JCudaDriver;
import org.vesalius.kernels.Bfloat16;
import org.vesalius.kernels.MachineLimits;

/**
 * What a device can do at best: copies of its own memory, each byte of which is read and written,
 * and products of square BF16 matrices by cuBLAS. The work grows until a device is busy with it.
 */
final class DeviceLimits implements MachineLimits {
  /** What takes less says more about starting than about computing. */
  private static final long LONG_ENOUGH_NANOS = 1_000_000;

  private static final int PASSES = 3;
  private static final int REPEATS = 5;
  private static final long SMALLEST_COPY = 16L << 20;
  private static final int SMALLEST_MATRIX = 256;
  private static final int LARGEST_MATRIX = 8192;
  private static final int PATTERN = 1 << 16;

  private final Probe.Found found;

  DeviceLimits(Probe.Found found) {
    this.found = found;
  }

  /** Bytes that copies read and write per second. */
  @Override
  public double readBandwidth(int threads) {
    try (Device device = new Device(found);
        DeviceMemory memory = new DeviceMemory(device)) {
      double best = 0;
      long most = DeviceMemory.info()[0] / 4;
      for (long bytes = Math.min(SMALLEST_COPY, most); bytes <= most; bytes *= 2) {
        long size = bytes;
        MemorySegment from = memory.allocate(bytes, "the source of a measured copy");
        MemorySegment to = memory.allocate(bytes, "a measured copy");
        double nanos = nanos(device, () -> copy(device, to.address(), from.address(), size));
        best = Math.max(best, 2e9 * bytes / nanos);
        memory.free(from);
        memory.free(to);
        if (nanos >= LONG_ENOUGH_NANOS) {
          break;
        }
      }
      return best;
    }
  }

  /** Operations of products per second. */
  @Override
  public double matrixRate(int threads) {
    try (Device device = new Device(found);
        DeviceMemory memory = new DeviceMemory(device);
        Arena arena = Arena.ofConfined();
        MatrixProducts library = MatrixProducts.open(device, arena)) {
      double best = 0;
      long most = DeviceMemory.info()[0] / 2;
      for (int n = SMALLEST_MATRIX; n <= LARGEST_MATRIX && 8L * n * n <= most; n *= 2) {
        long count = (long) n * n;
        int size = n;
        MemorySegment a = numbers(device, memory, 2 * count);
        MemorySegment b = numbers(device, memory, 2 * count);
        MemorySegment out = memory.allocate(4 * count, "a measured product");
        double nanos =
            nanos(
                device,
                () ->
                    library.multiply(
                        MatrixProducts.Factors.BF16,
                        out.address(),
                        size,
                        a.address(),
                        size,
                        b.address(),
                        size,
                        size,
                        size));
        best = Math.max(best, 2e9 * count * n / nanos);
        memory.free(a);
        memory.free(b);
        memory.free(out);
        if (nanos >= LONG_ENOUGH_NANOS) {
          break;
        }
      }
      return best;
    }
  }

  /** Nanoseconds of one of several that follow each other, the least of some passes. */
  private static double nanos(Device device, Runnable work) {
    work.run();
    device.finish();
    double least = Double.MAX_VALUE;
    for (int pass = 0; pass < PASSES; pass++) {
      long start = System.nanoTime();
      for (int i = 0; i < REPEATS; i++) {
        work.run();
      }
      device.finish();
      least = Math.min(least, (double) (System.nanoTime() - start) / REPEATS);
    }
    return Math.max(least, 1);
  }

  private static void copy(Device device, long to, long from, long bytes) {
    device.queued(
        "cuMemcpyDtoDAsync",
        "a copy on the device",
        JCudaDriver.cuMemcpyDtoDAsync(
            new DevicePointer(to), new DevicePointer(from), bytes, device.stream()));
  }

  /** Random BF16 numbers: a device that multiplies zeros takes less power and runs faster. */
  private static MemorySegment numbers(Device device, DeviceMemory memory, long bytes) {
    MemorySegment data = memory.allocate(bytes, "a factor of a measured product");
    SplittableRandom random = new SplittableRandom(1);
    try (Arena arena = Arena.ofConfined()) {
      long first = Math.min(bytes, 2L * PATTERN);
      MemorySegment pattern = arena.allocate(first, 16);
      for (long i = 0; i < first / 2; i++) {
        pattern.setAtIndex(JAVA_SHORT, i, Bfloat16.round((float) random.nextGaussian()));
      }
      device.finish();
      Driver.check(
          "cuMemcpyHtoD",
          JCudaDriver.cuMemcpyHtoD(
              new DevicePointer(data.address()), new HostPointer(pattern.address()), first));
      for (long done = first; done < bytes; done *= 2) {
        copy(device, data.address() + done, data.address(), Math.min(done, bytes - done));
      }
    }
    return data;
  }
}

package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * What a device allows at most: its own copies, copies to it from pinned memory, and the rate of
 * its matrix units. The kernels must be open, because they are what loads JCuda's libraries. Copies
 * are measured by the driver, past the seam, which has no copy that is only a copy.
 */
final class DeviceLimits {
  private static final int WARM = 3;
  private static final int TIMES = 10;
  private static final int FIRST_DEVICE = 0;

  private DeviceLimits() {}

  /** Measures all. */
  static ObjectNode measure(Kernels kernels, ModelShape.Sizes runs) {
    ObjectNode json = PartFile.JSON.createObjectNode();
    useFirstDevice();
    copies(json.putObject("copy"), runs.longValue("copy_bytes"));
    pinned(json.putObject("pinned"), runs.intValue("pinned_bytes"));
    matrix(json.putObject("matrix"), kernels, runs);
    return json;
  }

  private static void useFirstDevice() {
    CUdevice device = new CUdevice();
    CUcontext context = new CUcontext();
    check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, FIRST_DEVICE));
    // The context of the kernels; given back when the process ends.
    check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
    check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context));
  }

  /** Every byte is read once and written once. */
  private static void copies(ObjectNode json, long bytes) {
    CUdeviceptr from = new CUdeviceptr();
    CUdeviceptr to = new CUdeviceptr();
    check("cuMemAlloc", JCudaDriver.cuMemAlloc(from, bytes));
    check("cuMemAlloc", JCudaDriver.cuMemAlloc(to, bytes));
    check("cuMemsetD8", JCudaDriver.cuMemsetD8(from, (byte) 0x5a, bytes));
    Times times =
        Times.of(
            WARM,
            TIMES,
            () -> {
              check("cuMemcpyDtoD", JCudaDriver.cuMemcpyDtoD(to, from, bytes));
              check("cuCtxSynchronize", JCudaDriver.cuCtxSynchronize());
            });
    JCudaDriver.cuMemFree(from);
    JCudaDriver.cuMemFree(to);
    times.write(json);
    json.put("bytes", 2 * bytes);
    json.put("bytes_per_second", 2 * bytes / times.median());
  }

  private static void pinned(ObjectNode json, int bytes) {
    Pointer host = new Pointer();
    CUdeviceptr device = new CUdeviceptr();
    check("cuMemHostAlloc", JCudaDriver.cuMemHostAlloc(host, bytes, 0));
    check("cuMemAlloc", JCudaDriver.cuMemAlloc(device, bytes));
    ByteBuffer filled = host.getByteBuffer(0, bytes);
    SplittableRandom random = new SplittableRandom(1);
    while (filled.remaining() >= Long.BYTES) {
      filled.putLong(random.nextLong());
    }
    Times times =
        Times.of(
            WARM,
            TIMES,
            () -> {
              check("cuMemcpyHtoD", JCudaDriver.cuMemcpyHtoD(device, host, bytes));
              check("cuCtxSynchronize", JCudaDriver.cuCtxSynchronize());
            });
    JCudaDriver.cuMemFree(device);
    JCudaDriver.cuMemFreeHost(host);
    times.write(json);
    json.put("bytes", bytes);
    json.put("bytes_per_second", bytes / times.median());
  }

  /**
   * A large product of BF16 weights by the kernels, which is cuBLAS' and the rounding of the
   * activations: a few hundredths less than the matrix units can do.
   */
  private static void matrix(ObjectNode json, Kernels kernels, ModelShape.Sizes runs) {
    int tokens = runs.intValue("matrix_tokens");
    int rows = runs.intValue("matrix_rows");
    int columns = runs.intValue("matrix_columns");
    Tensor x = kernels.allocate(ElementType.F32, tokens, columns);
    Tensor out = kernels.allocate(ElementType.F32, tokens, rows);
    SplittableRandom random = new SplittableRandom(2);
    float[] values = new float[tokens * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    kernels.write(x, values);
    float[] last = new float[rows];
    Times times;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate((long) rows * columns * Short.BYTES, Long.BYTES);
      for (long i = 0; i < data.byteSize() / Long.BYTES; i++) {
        data.setAtIndex(
            ValueLayout.JAVA_LONG,
            i,
            (random.nextLong() & 0x80FF_80FF_80FF_80FFL) | 0x3C00_3C00_3C00_3C00L);
      }
      Weight weight = kernels.place(new Weight.BF16(data, rows, columns));
      times =
          Times.of(
              WARM,
              TIMES,
              () -> {
                kernels.linear(out, x, weight, null);
                // Waits; a row is nothing beside the product.
                kernels.read(last, out.rows(tokens - 1, 1));
              });
    }
    double operations = 2.0 * tokens * rows * columns;
    times.write(json);
    json.put("tokens", tokens).put("rows", rows).put("columns", columns);
    json.put("operations", operations);
    json.put("operations_per_second", operations / times.median());
  }

  private static void check(String function, int result) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw new IllegalStateException(function + ": " + CUresult.stringFor(result));
    }
  }
}

package org.vesalius.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Tensor;

/**
 * Memory of the device: what it holds, in bytes, and the segments that stand for it in Java, which
 * are addresses with a size and a life and must not be read.
 */
final class DeviceMemory implements AutoCloseable {
  private final Device device;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment.Scope scope = arena.scope();
  private final Map<Long, Long> held = new HashMap<>();
  private long heldBytes;
  private long frees;

  DeviceMemory(Device device) {
    this.device = device;
  }

  /**
   * Refuses what is going to be too much, before any of it is allocated.
   *
   * @throws NoRoomException with the numbers
   */
  void require(long bytes) {
    long[] info = info();
    if (bytes > info[0]) {
      throw new NoRoomException(
          tooLarge(bytes, "all that is going to be placed", info[0], info[1]));
    }
  }

  /** Bytes that are free on this device. */
  long free() {
    device.use();
    return info()[0];
  }

  /** Bytes that are free, and all bytes, of the device whose context is current. */
  static long[] info() {
    long[] free = new long[1];
    long[] total = new long[1];
    Driver.check("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, total));
    return new long[] {free[0], total[0]};
  }

  /** A zero-filled tensor. */
  Tensor allocate(ElementType type, int rows, int columns) {
    long bytes = (long) rows * columns * type.byteSize();
    MemorySegment data = allocate(bytes, "a tensor " + type + " (" + rows + ", " + columns + ")");
    return new Tensor(type, data, rows, columns, columns);
  }

  /** Zero-filled memory; otherwise as {@link #allocateUnset}. */
  MemorySegment allocate(long bytes, String purpose) {
    MemorySegment data = allocateUnset(bytes, purpose);
    if (bytes > 0) {
      device.queued(
          "cuMemsetD8Async",
          "the zeros of " + purpose,
          JCudaDriver.cuMemsetD8Async(
              new DevicePointer(data.address()), (byte) 0, bytes, device.stream()));
    }
    return data;
  }

  /**
   * Memory with any content.
   *
   * @param purpose for the error
   * @throws DeviceException with the numbers if there is not that much
   */
  @SuppressWarnings("restricted") // who opens the backend gives access
  MemorySegment allocateUnset(long bytes, String purpose) {
    device.requireRunning("memory for " + purpose + " is allocated");
    device.use();
    long[] info = info();
    long wanted = Math.max(bytes, 1);
    if (wanted > info[0]) {
      throw new DeviceException(tooLarge(wanted, purpose, info[0], info[1]), null);
    }
    DevicePointer pointer = new DevicePointer();
    int result = JCudaDriver.cuMemAlloc(pointer, wanted);
    if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      throw new DeviceException(tooLarge(wanted, purpose, info[0], info[1]), null);
    }
    Driver.check("cuMemAlloc for " + purpose, result);
    long address = pointer.address();
    held.put(address, wanted);
    heldBytes += wanted;
    return MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
  }

  private String tooLarge(long wanted, String purpose, long free, long total) {
    return "cuda: "
        + purpose
        + " needs "
        + size(wanted)
        + " of the device's memory, found "
        + size(free)
        + " free of "
        + size(total)
        + ", with "
        + size(heldBytes)
        + " held here; close what else uses the device, or take a smaller model, fewer or"
        + " smaller caches, or a larger device";
  }

  /** For people. */
  static String size(long bytes) {
    return bytes < 10 << 20
        ? bytes + " bytes"
        : String.format(Locale.ROOT, "%.1f MiB", bytes / 0x1p20);
  }

  /** How often memory was freed: after that, an address from before may mean nothing any more. */
  long frees() {
    return frees;
  }

  /** Frees memory before the end, once nothing in the queue uses it. */
  void free(MemorySegment data) {
    device.requireRunning("memory is freed");
    frees++;
    Long bytes = held.remove(data.address());
    if (bytes != null) {
      heldBytes -= bytes;
      device.finish();
      Driver.check("cuMemFree", JCudaDriver.cuMemFree(new DevicePointer(data.address())));
    }
  }

  /** Address of the first element of a tensor, or 0 of none. */
  long address(@Nullable Tensor tensor) {
    return tensor == null ? 0 : address(tensor.data());
  }

  /** Whether this is memory of this device, alive or not. */
  boolean holds(MemorySegment segment) {
    return segment.scope().equals(scope);
  }

  /**
   * Address of memory of this device.
   *
   * @throws IllegalArgumentException if it is other memory
   * @throws IllegalStateException if it has been freed
   */
  long address(MemorySegment segment) {
    if (!holds(segment)) {
      throw new IllegalArgumentException(
          "cuda: expected memory of this device, found "
              + segment
              + "; take tensors from Kernels.allocate and weights from Kernels.place");
    }
    if (!scope.isAlive()) {
      throw new IllegalStateException("cuda: the memory of " + segment + " was freed");
    }
    return segment.address();
  }

  /** Frees everything. Idempotent. The device's queue must be done. */
  @Override
  public void close() {
    if (scope.isAlive()) {
      arena.close();
      for (long address : held.keySet()) {
        JCudaDriver.cuMemFree(new DevicePointer(address));
      }
      held.clear();
    }
  }
}

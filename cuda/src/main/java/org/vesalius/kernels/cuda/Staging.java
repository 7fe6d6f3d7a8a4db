package org.vesalius.kernels.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;
import org.vesalius.kernels.WorkerPool;

/**
 * Memory of the host that the device copies from and to by itself, while Java goes on. It has two
 * halves: one is filled while the other is being copied, and an event says when that is done. So a
 * copy returns once its source has been read, and small ones follow each other without waiting.
 */
final class Staging implements AutoCloseable {
  private static final int HALF = 8 << 20;

  /** What is copied at once: so little that the device starts early. */
  private static final int PIECE = 2 << 20;

  /** What a thread copies at once. */
  private static final int BLOCK = 128 << 10;

  private static final int ALIGNMENT = 64;

  private final Device device;
  private final WorkerPool pool;
  private final HostPointer pointer = new HostPointer();
  private final CUevent[] copied = {new CUevent(), new CUevent()};
  private final boolean[] used = new boolean[2];
  private final boolean[] created = new boolean[2];
  private MemorySegment memory = MemorySegment.NULL;
  private int half;
  private long filled;

  Staging(Device device, WorkerPool pool) {
    this.device = device;
    this.pool = pool;
    // The third part is for copies back, after which somebody waits anyway.
    Driver.check(
        "cuMemHostAlloc of the memory that copies go through",
        JCudaDriver.cuMemHostAlloc(pointer, 2L * HALF + PIECE, 0));
    memory = pointer.segment(2L * HALF + PIECE);
    try {
      for (int i = 0; i < copied.length; i++) {
        Driver.check(
            "cuEventCreate",
            JCudaDriver.cuEventCreate(copied[i], CUevent_flags.CU_EVENT_DISABLE_TIMING));
        created[i] = true;
      }
    } catch (DeviceException e) {
      close();
      throw e;
    }
  }

  /** How many bytes {@link #claim} and {@link #fetch} take at most. */
  static int limit() {
    return PIECE;
  }

  /** Memory to be filled and then given to {@link #send}. */
  MemorySegment claim(long bytes) {
    device.requireRunning("something is copied to the device");
    if (filled + bytes > HALF) {
      Driver.check("cuEventRecord", JCudaDriver.cuEventRecord(copied[half], device.stream()));
      used[half] = true;
      half = 1 - half;
      if (used[half]) {
        Driver.check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(copied[half]));
      }
      filled = 0;
    }
    MemorySegment piece = memory.asSlice((long) half * HALF + filled, bytes);
    filled += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return piece;
  }

  /** Copies a piece, or a part of it, to the device, in the order of its queue. */
  void send(long to, MemorySegment piece) {
    if (piece.byteSize() > 0) {
      device.queued(
          "cuMemcpyHtoDAsync",
          "a copy to the device",
          JCudaDriver.cuMemcpyHtoDAsync(
              new DevicePointer(to),
              new HostPointer(piece.address()),
              piece.byteSize(),
              device.stream()));
    }
  }

  /** Copies anything to the device; when this returns it has been read. */
  void send(long to, MemorySegment source, long bytes) {
    for (long at = 0; at < bytes; at += PIECE) {
      MemorySegment piece = claim(Math.min(PIECE, bytes - at));
      copy(source.asSlice(at, piece.byteSize()), piece);
      send(to + at, piece);
    }
  }

  /** One thread reads from the page cache at a fraction of what the bus takes. */
  @SuppressWarnings("restricted") // who opens the backend gives access
  private void copy(MemorySegment from, MemorySegment to) {
    if (!from.isNative() || from.byteSize() <= BLOCK) {
      to.copyFrom(from);
      return;
    }
    // By its address, because the segment may belong to the calling thread alone.
    MemorySegment all = MemorySegment.ofAddress(from.address()).reinterpret(from.byteSize());
    int blocks = (int) ((from.byteSize() + BLOCK - 1) / BLOCK);
    pool.run(
        blocks,
        1,
        (first, end) -> {
          long start = (long) first * BLOCK;
          long count = Math.min((long) end * BLOCK, all.byteSize()) - start;
          MemorySegment.copy(all, start, to, start, count);
        });
  }

  /** Starts a copy from the device to a place among {@link #fetched}. */
  void fetch(long from, long offset, long bytes) {
    device.requireRunning("something is copied from the device");
    if (bytes > 0) {
      device.queued(
          "cuMemcpyDtoHAsync",
          "a copy from the device",
          JCudaDriver.cuMemcpyDtoHAsync(
              new HostPointer(fetched(offset, bytes).address()),
              new DevicePointer(from),
              bytes,
              device.stream()));
    }
  }

  /** What was copied from the device, once the device has finished. */
  MemorySegment fetched(long offset, long bytes) {
    return memory.asSlice(2L * HALF + offset, bytes);
  }

  /** Frees it. The device's queue must be done. */
  @Override
  public void close() {
    for (int i = 0; i < copied.length; i++) {
      if (created[i]) {
        created[i] = false;
        JCudaDriver.cuEventDestroy(copied[i]);
      }
    }
    if (!memory.equals(MemorySegment.NULL)) {
      memory = MemorySegment.NULL;
      JCudaDriver.cuMemFreeHost(pointer);
    }
  }
}

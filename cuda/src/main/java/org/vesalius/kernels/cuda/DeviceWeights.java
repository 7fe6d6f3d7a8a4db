package org.vesalius.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.vesalius.kernels.Weight;

/** Brings weights to the device. */
final class DeviceWeights {
  /** Kernels read this many bytes at once. */
  private static final int ALIGNMENT = 16;

  private static final int TILE = 32;
  private static final int THREADS = 256;

  private final DeviceMemory memory;
  private final Staging staging;
  private final Launcher launcher;
  private final Launcher.Function transposeShorts;
  private final Launcher.Function transposeWords;

  /** What has been allocated for the weight at hand. */
  private final List<MemorySegment> made = new ArrayList<>();

  DeviceWeights(DeviceMemory memory, Staging staging, Launcher launcher) {
    this.memory = memory;
    this.staging = staging;
    this.launcher = launcher;
    transposeShorts = launcher.function("transpose_16");
    transposeWords = launcher.function("transpose_32");
  }

  /**
   * The address of a part of a weight on this device.
   *
   * @throws IllegalArgumentException if it is other memory or no address that kernels take
   */
  static long address(DeviceMemory memory, MemorySegment data) {
    long address = memory.address(data);
    if (address % ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "cuda: expected a weight at a multiple of "
              + ALIGNMENT
              + " bytes, found one at "
              + address
              + "; take weights from Kernels.place");
    }
    return address;
  }

  /**
   * A copy on the device; one that is stored by columns is turned there, once and for all.
   *
   * @throws DeviceException if there is no room; nothing of the weight is left on the device then
   */
  Weight place(Weight stored) {
    made.clear();
    try {
      return copy(stored);
    } catch (DeviceException e) {
      for (MemorySegment part : made) {
        try {
          memory.free(part);
        } catch (DeviceException broken) {
          e.addSuppressed(broken);
        }
      }
      throw e;
    }
  }

  private Weight copy(Weight stored) {
    return switch (stored) {
      case Weight.F32(MemorySegment data, int rows, int columns) ->
          new Weight.F32(place(data, stored), rows, columns);
      case Weight.F16(MemorySegment data, int rows, int columns) ->
          new Weight.F16(place(data, stored), rows, columns);
      case Weight.BF16(MemorySegment data, int rows, int columns) ->
          new Weight.BF16(place(data, stored), rows, columns);
      case Weight.Int8(MemorySegment data, MemorySegment scales, int rows, int columns) ->
          new Weight.Int8(place(data, stored), place(scales, stored), rows, columns);
      case Weight.Fp8(MemorySegment data, MemorySegment scales, int rows, int columns) ->
          new Weight.Fp8(place(data, stored), place(scales, stored), rows, columns);
      case Weight.Int4 four ->
          new Weight.Int4(
              place(four.data(), stored),
              place(four.scales(), stored),
              place(four.minimums(), stored),
              four.rows(),
              four.columns());
      case Weight.Transposed(Weight.F32 turned) ->
          new Weight.F32(
              turn(turned, transposeWords),
              /* rows= */ turned.columns(),
              /* columns= */ turned.rows());
      case Weight.Transposed(Weight.F16 turned) ->
          new Weight.F16(
              turn(turned, transposeShorts),
              /* rows= */ turned.columns(),
              /* columns= */ turned.rows());
      case Weight.Transposed(Weight.BF16 turned) ->
          new Weight.BF16(
              turn(turned, transposeShorts),
              /* rows= */ turned.columns(),
              /* columns= */ turned.rows());
      case Weight.Transposed other ->
          throw new IllegalArgumentException("not stored number by number: " + other);
    };
  }

  private MemorySegment allocate(long bytes, Weight weight) {
    MemorySegment part =
        memory.allocateUnset(
            bytes, "a weight of (" + weight.rows() + ", " + weight.columns() + ")");
    made.add(part);
    return part;
  }

  private MemorySegment place(MemorySegment data, Weight weight) {
    if (memory.holds(data)) {
      return data;
    }
    MemorySegment placed = allocate(data.byteSize(), weight);
    staging.send(placed.address(), data, data.byteSize());
    return placed;
  }

  private MemorySegment turn(Weight stored, Launcher.Function transpose) {
    MemorySegment placed = place(stored.data(), stored);
    MemorySegment turned = allocate(stored.data().byteSize(), stored);
    launcher.begin();
    launcher
        .with(turned.address())
        .with(placed.address())
        .with(stored.rows())
        .with(stored.columns())
        .run(
            transpose,
            Launcher.blocks(stored.columns(), TILE),
            Launcher.blocks(stored.rows(), TILE),
            THREADS);
    if (!memory.holds(stored.data())) {
      memory.free(placed);
    }
    return turned;
  }
}

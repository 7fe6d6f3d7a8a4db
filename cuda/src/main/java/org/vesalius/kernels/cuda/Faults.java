package org.vesalius.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jcuda.driver.JCudaDriver;

/**
 * The record in which kernels write the first integer out of bounds that they meet: {@code enum
 * VesaliusFault}. It is read with whatever is read next.
 */
final class Faults {
  /** Operation, place, value, bound. */
  private static final int BYTES = 4 * Integer.BYTES;

  private final Device device;
  private final Staging staging;
  private final long record;

  Faults(Device device, DeviceMemory memory, Staging staging) {
    this.device = device;
    this.staging = staging;
    record = memory.allocate(BYTES, "the record of faults").address();
  }

  /** Address of the record. */
  long record() {
    return record;
  }

  /** Starts a copy of the record back. */
  void fetch() {
    staging.fetch(record, 0, BYTES);
  }

  /**
   * Fails if a kernel wrote something, and clears it; the device has finished since {@link #fetch}.
   *
   * @throws IndexOutOfBoundsException naming the operation
   */
  void check() {
    MemorySegment fetched = staging.fetched(0, BYTES);
    int operation = fetched.getAtIndex(ValueLayout.JAVA_INT, 0);
    if (operation == 0) {
      return;
    }
    int place = fetched.getAtIndex(ValueLayout.JAVA_INT, 1);
    int value = fetched.getAtIndex(ValueLayout.JAVA_INT, 2);
    int bound = fetched.getAtIndex(ValueLayout.JAVA_INT, 3);
    device.queued(
        "cuMemsetD32Async",
        "clearing the record of faults",
        JCudaDriver.cuMemsetD32Async(
            new DevicePointer(record), 0, BYTES / Integer.BYTES, device.stream()));
    throw new IndexOutOfBoundsException(message(operation, place, value, bound));
  }

  private static String message(int operation, int place, int value, int bound) {
    String found = ", found " + value + " at " + place;
    return switch (operation) {
      case 1 -> indices("embed", bound) + found;
      case 2 -> indices("gatherRows", bound) + found;
      case 3 -> indices("scatterRows", bound) + found;
      case 4 -> indices("addRows", bound) + found;
      case 5 -> indices("mixRows", bound) + found;
      case 6 -> indices("rotaryTable", bound) + found;
      case 7 -> indices("rotateAndCache", bound) + found;
      case 8 -> "attention: expected starts that ascend from 0 to at most " + bound + found;
      case 9 ->
          "attention: expected a length of as many as there are queries to "
              + (bound - 1)
              + " for sequence "
              + place
              + ", found "
              + value;
      case 10 -> "attention: expected pages below " + bound + found;
      case 11 ->
          "attention: expected a group around the position of token "
              + place
              + " within 0 to "
              + (bound - 1)
              + ", found one with "
              + value;
      case 12 -> "expertLinear: expected starts that ascend from 0 to " + bound + found;
      case 13 -> "sample: expected rows of the history from -1 to below " + bound + found;
      default -> "operation " + operation + " of the device: expected less than " + bound + found;
    };
  }

  private static String indices(String operation, int bound) {
    return operation + ": expected indices below " + bound;
  }
}

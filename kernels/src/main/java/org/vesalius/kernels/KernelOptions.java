package org.vesalius.kernels;

import java.util.HashSet;
import java.util.List;
import java.util.function.Supplier;

/**
 * What a caller may choose about a backend, and what it is going to do.
 *
 * @param threads how many threads compute, the calling one included
 * @param devices which of several devices compute, from 0: one, or several that layers are split
 *     over in this order; of none the backend chooses, the first where all fits it. Without meaning
 *     for backends that compute on the host
 * @param memory what is going to be placed and allocated, about. Devices that have less are {@link
 *     BackendStatus.Unavailable}
 */
public record KernelOptions(int threads, List<Integer> devices, Supplier<MemoryDemand> memory) {

  /** Checks that there is at least one thread, and the numbers of devices. */
  public KernelOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
    devices = requireDevices(devices);
  }

  /** So many threads, a device of the backend's choice, an unknown need of memory. */
  public KernelOptions(int threads) {
    this(threads, List.of(), () -> MemoryDemand.NONE);
  }

  /**
   * A copy of the numbers of devices.
   *
   * @throws IllegalArgumentException if one is negative or there twice
   */
  public static List<Integer> requireDevices(List<Integer> numbers) {
    for (int number : numbers) {
      if (number < 0) {
        throw new IllegalArgumentException("device: expected at least 0, found " + number);
      }
    }
    if (new HashSet<>(numbers).size() < numbers.size()) {
      throw new IllegalArgumentException("device: expected each device once, found " + numbers);
    }
    return List.copyOf(numbers);
  }

  /** As many threads as the process may use processors (cgroup limits included). */
  public static KernelOptions defaults() {
    return new KernelOptions(Runtime.getRuntime().availableProcessors());
  }

  /** On one device. */
  public KernelOptions withDevice(int number) {
    return withDevices(List.of(number));
  }

  /** On these devices. */
  public KernelOptions withDevices(List<Integer> numbers) {
    return new KernelOptions(threads, numbers, memory);
  }

  /** With a need of memory in bytes that cannot be split. */
  public KernelOptions withBytes(long needed) {
    if (needed < 0) {
      throw new IllegalArgumentException("bytes: expected at least 0, found " + needed);
    }
    return withMemory(() -> MemoryDemand.of(needed));
  }

  /** With a need of memory that is looked up when a device asks. */
  public KernelOptions withMemory(Supplier<MemoryDemand> needed) {
    return new KernelOptions(threads, devices, needed);
  }

  /** How much memory is needed on one device. */
  public long bytes() {
    return memory.get().bytes();
  }
}

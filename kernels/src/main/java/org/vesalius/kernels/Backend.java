package org.vesalius.kernels;

import java.util.List;

/**
 * A way of computing, found by {@link java.util.ServiceLoader}. Implementations keep types of
 * optional modules and libraries out of their own signature, so that loading the class never fails;
 * {@link #probe} says what is missing instead.
 */
public interface Backend {

  /** The name that a user types: {@code simd}. */
  String name();

  /** Higher is chosen first by an automatic choice. */
  int priority();

  /** Looks whether this backend can work here. Cheap, never throws. */
  BackendStatus probe();

  /**
   * Looks whether this backend can work here with these options: whether the device is there and
   * has the memory. Cheap, never throws.
   */
  default BackendStatus probe(KernelOptions options) {
    return probe();
  }

  /**
   * Starts the backend.
   *
   * @throws BackendUnavailableException with the probe's reason when it cannot work here
   */
  Kernels open(KernelOptions options);

  /** Whether {@link KernelOptions#devices} means something here. */
  default boolean hasDevices() {
    return false;
  }

  /**
   * What there is, for people who look for what is wrong: devices, drivers and libraries, a line
   * each; none where there is nothing to tell or {@link #probe} already says what is missing. It
   * may take seconds. Never throws.
   */
  default List<String> findings() {
    return List.of();
  }

  /** Measures what the machine allows this backend; by default what it allows plain Java. */
  default MachineLimits limits() {
    return new ScalarLimits();
  }

  /** The same of the device that the options name. */
  default MachineLimits limits(KernelOptions options) {
    return limits();
  }
}

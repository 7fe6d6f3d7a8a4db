package org.vesalius.kernels;

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

  /** Measures what the machine allows this backend; by default what it allows plain Java. */
  default MachineLimits limits() {
    return new ScalarLimits();
  }
}

package org.vesalius.kernels;

/**
 * The least time that an operation can take on a machine (Williams, Waterman and Patterson 2009):
 * that of its bytes at the measured read bandwidth or that of its multiply-adds at the measured
 * rate, whichever is longer.
 *
 * @param readBandwidth bytes per second
 * @param matrixRate floating point operations per second
 */
public record Roofline(double readBandwidth, double matrixRate) {

  /** Measures this machine with the instructions of a backend; takes about two seconds. */
  public static Roofline measure(Backend backend, KernelOptions options) {
    MachineLimits limits = backend.limits(options);
    return new Roofline(
        limits.readBandwidth(options.threads()), limits.matrixRate(options.threads()));
  }

  /** The least time in seconds for reading so many bytes and computing so many operations. */
  public double seconds(double bytes, double operations) {
    return Math.max(bytes / readBandwidth, operations / matrixRate);
  }
}

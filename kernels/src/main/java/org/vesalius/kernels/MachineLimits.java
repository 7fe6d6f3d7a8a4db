package org.vesalius.kernels;

/**
 * Measures what this machine can do at best with the instructions of one backend, in the moment of
 * the call: on a shared machine the same measurement gives another number a minute later, so it
 * belongs in the same run as what is held against it.
 */
public interface MachineLimits {

  /** Bytes per second that this many threads together read from memory, beyond all caches. */
  double readBandwidth(int threads);

  /**
   * Floating point operations per second, a fused multiply-add counting as two, that this many
   * threads together reach on numbers that are already in registers.
   */
  double matrixRate(int threads);
}

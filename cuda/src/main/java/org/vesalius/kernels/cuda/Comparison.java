package org.vesalius.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.IntToDoubleFunction;
import org.vesalius.kernels.Kernels;

/** A device beside the definition: both compute the same small cases, and no number may differ. */
final class Comparison {

  /** Something that is computed with tensors of one backend, and what came out. */
  @FunctionalInterface
  interface Computation {
    float[] run(Trial trial);
  }

  /** A device computed something else than the definition, or refused what it has to know. */
  static final class WrongResultException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WrongResultException(String message) {
      super(message);
    }
  }

  private final Kernels definition;
  private final Kernels device;
  private final Consumer<MemorySegment> free;
  private final SplittableRandom random;

  /**
   * Compares with numbers of a seed.
   *
   * @param free gives memory of the device back
   */
  Comparison(Kernels definition, Kernels device, Consumer<MemorySegment> free, long seed) {
    this.definition = definition;
    this.device = device;
    this.free = free;
    random = new SplittableRandom(seed);
  }

  /** The kernels that are looked at. */
  Kernels device() {
    return device;
  }

  /** A whole number from 0 to below {@code bound}. */
  int below(int bound) {
    return random.nextInt(bound);
  }

  /** Normally distributed numbers with mean 0, so that sums cancel. */
  float[] normal(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** What the definition computes. */
  float[] defined(Computation computation) {
    try (Trial trial = new Trial(definition, _ -> {})) {
      return computation.run(trial);
    }
  }

  /**
   * What the device computes.
   *
   * @param what operation and shape, for the error
   */
  float[] found(String what, Computation computation) {
    try (Trial trial = new Trial(device, free)) {
      return computation.run(trial);
    } catch (DeviceException e) {
      throw new DeviceException("self check, " + what + ": " + e.getMessage(), e);
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new WrongResultException(what + " failed with: " + e.getMessage());
    }
  }

  /** Both compute the same; results may differ by what is allowed. */
  void check(String what, Computation computation, IntToDoubleFunction allowed) {
    compare(what, defined(computation), found(what, computation), allowed);
  }

  /** Both compute the same, to the bit. */
  void checkExactly(String what, Computation computation) {
    check(what, computation, _ -> 0);
  }

  /**
   * Fails where numbers differ by more than is allowed.
   *
   * @throws WrongResultException naming operation, shape, expected and found
   */
  static void compare(String what, float[] expected, float[] found, IntToDoubleFunction allowed) {
    for (int i = 0; i < expected.length; i++) {
      double error = Math.abs((double) found[i] - expected[i]);
      double most = allowed.applyAsDouble(i);
      // Also what is not a number is wrong.
      if (!(error <= most)) {
        throw new WrongResultException(
            what
                + ": expected "
                + expected[i]
                + (most == 0 ? "" : " within " + (float) most)
                + " as result "
                + i
                + ", found "
                + found[i]);
      }
    }
  }

  /** The absolute values. */
  static float[] magnitudes(float[] values) {
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = Math.abs(values[i]);
    }
    return result;
  }
}

package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Exponential, logistic function and normal distribution in single precision vectors.
 *
 * <p>All of them come down to {@code exp} of a number that is not positive, which cannot overflow.
 * Results below the smallest normal float are zero.
 *
 * <p>{@code exp} is called before anything else in a method, because the compiler stops inlining
 * methods that are not the Vector API's own when a method has grown large.
 */
final class Exponential {
  private static final float LOG2_E = 1.442695f;

  /** ln 2 as a float, and what that float is short of ln 2 (Cody and Waite 1980). */
  private static final float LN2 = 0.6931472f;

  private static final float LN2_REST = -1.9046542e-9f;

  /** 1.5 * 2^23: adding it rounds to an integer, which then is the low bits of the sum. */
  private static final float ROUND = 12582912f;

  /** ln of the smallest normal float. */
  private static final float SMALLEST = -87.33654f;

  private Exponential() {}

  /**
   * {@code exp(x)} for {@code x <= 0}, within 2 ulp: {@code x = n ln 2 + r} with {@code |r| <=
   * ln(2) / 2}, the Taylor polynomial of degree 7 in {@code r} (next term 5e-9), and {@code n} put
   * into the exponent.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector shifted =
        x.fma(FloatVector.broadcast(FLOATS, LOG2_E), FloatVector.broadcast(FLOATS, ROUND));
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2), x);
    r = n.fma(FloatVector.broadcast(FLOATS, -LN2_REST), r);
    FloatVector p =
        r.fma(FloatVector.broadcast(FLOATS, 1f / 5040), FloatVector.broadcast(FLOATS, 1f / 720));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1f / 120));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1f / 24));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1f / 6));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 0.5f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1));
    FloatVector power =
        shifted
            .reinterpretAsInts()
            .add(127)
            .lanewise(VectorOperators.LSHL, 23)
            .reinterpretAsFloats();
    VectorMask<Float> vanishing = x.lt(SMALLEST);
    return p.mul(power).blend(0, vanishing);
  }

  /** {@code x / (1 + exp(-z))}; the exponential is taken of {@code -|z|}. */
  static FloatVector timesLogistic(FloatVector x, FloatVector z) {
    FloatVector e = exp(z.abs().neg());
    VectorMask<Float> negative = z.lt(0);
    return x.mul(FloatVector.broadcast(FLOATS, 1).blend(e, negative)).div(e.add(1));
  }

  /**
   * {@code x * Phi(x)} with the distribution function of the normal distribution.
   *
   * <p>The tail is {@code Phi(-a) = exp(-a²/2) R(a)}. {@code R}, half the scaled complementary
   * error function at {@code a / sqrt 2}, is smooth, and a polynomial of degree 9 in {@code t = (a
   * - 4) / (a + 4)} (the variable of Schonfelder 1978) fits it to a relative error of 1.5e-8 up to
   * a = 14; the coefficients are a weighted least squares fit, iterated towards the smallest
   * maximum. The square is split in two, because its rounding error would be multiplied by itself.
   */
  static FloatVector timesNormal(FloatVector x) {
    FloatVector a = x.abs().min(16);
    FloatVector square = a.mul(a);
    FloatVector lost = a.fma(a, square.neg());
    FloatVector e = exp(square.mul(-0.5f));
    e = e.fma(lost.mul(-0.5f), e);
    FloatVector t = a.sub(4).div(a.add(4));
    FloatVector r =
        t.fma(
            FloatVector.broadcast(FLOATS, -6.630332e-5f),
            FloatVector.broadcast(FLOATS, -1.6959928e-4f));
    r = r.fma(t, FloatVector.broadcast(FLOATS, 6.577145e-4f));
    r = r.fma(t, FloatVector.broadcast(FLOATS, 5.036744e-4f));
    r = r.fma(t, FloatVector.broadcast(FLOATS, -8.497682e-3f));
    r = r.fma(t, FloatVector.broadcast(FLOATS, 3.086526e-2f));
    r = r.fma(t, FloatVector.broadcast(FLOATS, -7.170679e-2f));
    r = r.fma(t, FloatVector.broadcast(FLOATS, 1.2437922e-1f));
    r = r.fma(t, FloatVector.broadcast(FLOATS, -1.7039774e-1f));
    r = r.fma(t, FloatVector.broadcast(FLOATS, 9.441064e-2f));
    FloatVector tail = r.mul(e);
    VectorMask<Float> negative = x.lt(0);
    return x.mul(FloatVector.broadcast(FLOATS, 1).sub(tail).blend(tail, negative));
  }
}

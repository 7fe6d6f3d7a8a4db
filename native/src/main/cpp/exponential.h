/*
 * Exponential, logistic function and normal distribution. All of them come down to exp of a number that is not positive,
 * which cannot overflow. Results below the smallest normal float are zero.
 */
namespace vesalius {
namespace VESALIUS_TIER {

/* 1.5 * 2^23: adding it rounds to an integer, ties to even, which then is the low bits of the sum. */
constexpr float WHOLE = 12582912.0f;

VESALIUS_INLINE Floats magnitude(Floats x) { return (Floats)((Words)x & 0x7fffffff); }

/*
 * exp(x) for x <= 0, within 2 ulp: x = n ln 2 + r with |r| <= ln(2) / 2, the Taylor polynomial of degree 7 in r (next term
 * 5e-9), and n put into the exponent. The first part of ln 2 has so few digits that n times it is exact (Cody and Waite
 * 1980), with or without a fused multiply-add.
 */
VESALIUS_INLINE Floats exp(Floats x) {
  Floats shifted = fma(x, splat(1.442695041f), splat(WHOLE));
  Floats n = shifted - WHOLE;
  Floats r = fma(n, splat(-0.693359375f), x);
  r = fma(n, splat(2.12194440e-4f), r);
  Floats p = fma(r, splat(1.0f / 5040), splat(1.0f / 720));
  p = fma(p, r, splat(1.0f / 120));
  p = fma(p, r, splat(1.0f / 24));
  p = fma(p, r, splat(1.0f / 6));
  p = fma(p, r, splat(0.5f));
  p = fma(p, r, splat(1));
  p = fma(p, r, splat(1));
  Floats power = (Floats)(((Words)shifted + 127) << 23);
  return x < -87.33654f ? Floats{} : p * power;
}

/* x / (1 + exp(-z)); the exponential is taken of -|z|. */
VESALIUS_INLINE Floats times_logistic(Floats x, Floats z) {
  Floats e = exp(-magnitude(z));
  return x * (z < 0 ? e : splat(1)) / (e + 1);
}

/* What the rounded square of a is short of the exact one. */
VESALIUS_INLINE Floats square_error(Floats a, Floats square) {
#if defined(__FMA__) || defined(__aarch64__)
  return fma(a, a, -square);
#else
  /* Halves of few digits, whose products are exact (Dekker 1971). */
  Floats high = (Floats)((Words)a & 0xfffff000);
  Floats low = a - high;
  return high * high - square + 2 * high * low + low * low;
#endif
}

/*
 * x * Phi(x) with the distribution function of the normal distribution.
 *
 * The tail is Phi(-a) = exp(-a^2 / 2) R(a). R, half the scaled complementary error function at a / sqrt 2, is smooth, and a
 * polynomial of degree 9 in t = (a - 4) / (a + 4) (the variable of Schonfelder 1978) fits it to a relative error of 1.5e-8 up
 * to a = 14. The square is split in two, because its rounding error would be multiplied by itself.
 */
VESALIUS_INLINE Floats times_normal(Floats x) {
  Floats a = min(magnitude(x), splat(16));
  Floats square = a * a;
  Floats lost = square_error(a, square);
  Floats e = exp(square * -0.5f);
  e = fma(e, lost * -0.5f, e);
  Floats t = (a - 4) / (a + 4);
  Floats r = fma(t, splat(-6.630332e-5f), splat(-1.6959928e-4f));
  r = fma(r, t, splat(6.577145e-4f));
  r = fma(r, t, splat(5.036744e-4f));
  r = fma(r, t, splat(-8.497682e-3f));
  r = fma(r, t, splat(3.086526e-2f));
  r = fma(r, t, splat(-7.170679e-2f));
  r = fma(r, t, splat(1.2437922e-1f));
  r = fma(r, t, splat(-1.7039774e-1f));
  r = fma(r, t, splat(9.441064e-2f));
  Floats tail = r * e;
  return x * (x < 0 ? tail : 1 - tail);
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius

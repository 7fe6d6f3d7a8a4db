/* Rotary position embeddings (Su et al. 2021). */
namespace vesalius {
namespace VESALIUS_TIER {

/*
 * Cosine and sine, to about 1e-10, of an angle below 2^31. The angle less the nearest multiple of pi / 2 is taken in three
 * parts, of which n times the first two is exact; polynomials are Taylor's.
 */
VESALIUS_INLINE void cos_sin(double angle, double* cos, double* sin) {
  /* 1.5 * 2^52: adding it rounds to an integer, which then is the low bits of the sum. */
  constexpr double WHOLE_DOUBLE = 6755399441055744.0;
  double shifted = angle * 0.63661977236758134 + WHOLE_DOUBLE;
  double n = shifted - WHOLE_DOUBLE;
  double r = angle - n * 0x1.921fbp+0;
  r -= n * 0x1.5110ap-22;
  r -= n * 0x1.4611a62633146p-42;
  int64_t quadrant;
  memcpy(&quadrant, &shifted, sizeof quadrant);
  double z = r * r;
  double s = r + r * z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880 - z * (1.0 / 39916800)))));
  double c = 1 + z * (-0.5 + z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800 + z / 479001600)))));
  bool swapped = quadrant & 1;
  double first = swapped ? s : c;
  double second = swapped ? c : s;
  *cos = (quadrant + 1) & 2 ? -first : first;
  *sin = quadrant & 2 ? -second : second;
}

static void rotary_table(float* cos, int64_t cos_stride, float* sin, int64_t sin_stride, const int32_t* positions,
                         int64_t positions_stride, const float* inverse_frequencies, const int32_t* axis, float scaling,
                         int64_t pairs, int64_t from, int64_t to) {
  for (int64_t t = from; t < to; t++) {
    for (int64_t i = 0; i < pairs; i++) {
      float angle = (float)positions[axis[i] * positions_stride + t] * inverse_frequencies[i];
      double c, s;
      cos_sin(angle, &c, &s);
      cos[t * cos_stride + i] = (float)c * scaling;
      sin[t * sin_stride + i] = (float)s * scaling;
    }
  }
}

VESALIUS_INLINE void rotate_head(float* x, int64_t half, const float* cos, const float* sin) {
  int64_t i = 0;
  for (; i + LANES <= half; i += LANES) {
    Floats a = load<Floats>(x + i);
    Floats b = load<Floats>(x + half + i);
    Floats c = load<Floats>(cos + i);
    Floats s = load<Floats>(sin + i);
    store(x + i, fma(a, c, -(b * s)));
    store(x + half + i, fma(b, c, a * s));
  }
  for (; i < half; i++) {
    float a = x[i];
    float b = x[half + i];
    x[i] = fma1(a, cos[i], -(b * sin[i]));
    x[half + i] = fma1(b, cos[i], a * sin[i]);
  }
}

static void rotate(float* x, int64_t x_stride, int64_t heads, int64_t head_size, const float* gain, float epsilon,
                   const float* cos, int64_t cos_stride, const float* sin, int64_t sin_stride, int64_t from, int64_t to) {
  for (int64_t t = from; t < to; t++) {
    for (int64_t head = 0; head < heads; head++) {
      float* row = x + t * x_stride + head * head_size;
      if (gain != nullptr) {
        rms_row(row, row, gain, epsilon, head_size);
      }
      if (cos != nullptr) {
        rotate_head(row, head_size / 2, cos + t * cos_stride, sin + t * sin_stride);
      }
    }
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius

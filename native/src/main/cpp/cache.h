/* Where keys and values of past tokens are, and how they get there. */
namespace vesalius {
namespace VESALIUS_TIER {

VESALIUS_INLINE int64_t cached_number_size(int32_t format) {
  return format == VESALIUS_CACHE_F32 ? 4 : format == VESALIUS_CACHE_BF16 ? 2 : 1;
}

/* A page of one head: the slab, and the row of its first slot there. */
struct Page {
  int64_t slab;
  int64_t row;
};

VESALIUS_INLINE Page page_of(const vesalius_key_values* cache, int64_t page, int64_t head) {
  int64_t slab = page / cache->pages_per_slab;
  int64_t place = page - slab * cache->pages_per_slab;
  return {slab, (place * cache->kv_heads + head) * cache->page_size};
}

static void store_bf16(uint16_t* out, const float* x, int64_t n) {
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    store(out + i, bf16_of_floats(load<Floats>(x + i)));
  }
  for (; i < n; i++) {
    out[i] = bf16_of_float(x[i]);
  }
}

/* To the nearest integers, ties to even; they lie between -127 and 127. */
VESALIUS_INLINE Bytes rounded(Floats x) { return __builtin_convertvector((Words)(x + WHOLE), Bytes); }

/*
 * Integers of a row, and their scale. A scale that would not be a normal number is zero, and one that is not finite stays
 * what it is, so that infinities and what is not a number are not lost; the integers are zero then.
 */
static float store_int8(int8_t* out, const float* x, int64_t n) {
  /* Magnitudes are ordered as their bits are, with what is not a number above all. */
  Ints most{};
  int64_t whole = n / LANES * LANES;
  for (int64_t i = 0; i < whole; i += LANES) {
    Ints bits = (Ints)magnitude(load<Floats>(x + i));
    most = bits > most ? bits : most;
  }
  if (whole < n) {
    Ints bits = (Ints)magnitude(load_first(x + whole, n - whole));
    most = bits > most ? bits : most;
  }
  int32_t largest_bits = 0;
  for (int64_t i = 0; i < LANES; i++) {
    largest_bits = most[i] > largest_bits ? most[i] : largest_bits;
  }
  float largest_magnitude;
  memcpy(&largest_magnitude, &largest_bits, sizeof largest_magnitude);
  float scale = largest_magnitude / 127;
  if (!(scale >= 0x1p-126f && largest_bits < 0x7f800000)) {
    for (int64_t i = 0; i < n; i++) {
      out[i] = 0;
    }
    return scale < 0x1p-126f ? 0 : scale;
  }
  for (int64_t i = 0; i < whole; i += LANES) {
    store(out + i, rounded(load<Floats>(x + i) / scale));
  }
  if (whole < n) {
    Bytes bytes = rounded(load_first(x + whole, n - whole) / scale);
    memcpy(out + whole, &bytes, n - whole);
  }
  return scale;
}

static void store_rows(const vesalius_key_values* cache, int32_t value, const float* x, int64_t x_stride,
                       const int32_t* slots, int64_t from, int64_t to) {
  const void* const* slabs = value ? cache->values : cache->keys;
  const void* const* scales = value ? cache->value_scales : cache->key_scales;
  int64_t n = cache->head_size;
  for (int64_t t = from; t < to; t++) {
    int64_t page = slots[t] / cache->page_size;
    int64_t slot = slots[t] - page * cache->page_size;
    for (int64_t head = 0; head < cache->kv_heads; head++) {
      Page place = page_of(cache, page, head);
      int64_t row = place.row + slot;
      const float* source = x + t * x_stride + head * n;
      /* The caller reads through constant addresses and stores through the same ones. */
      char* target = (char*)slabs[place.slab] + row * n * cached_number_size(cache->format);
      switch (cache->format) {
        case VESALIUS_CACHE_F32:
          memcpy(target, source, n * sizeof(float));
          break;
        case VESALIUS_CACHE_BF16:
          store_bf16((uint16_t*)target, source, n);
          break;
        case VESALIUS_CACHE_INT8:
          ((float*)scales[place.slab])[row] = store_int8((int8_t*)target, source, n);
          break;
      }
    }
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius

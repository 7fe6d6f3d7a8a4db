/*
 * The contract test of the instruction set that VESALIUS_ISA names, or of the best one. Arguments choose areas: products,
 * rows, attention, limits.
 */
#include "check.h"

void test_rows();
void test_attention();
void test_limits();
void test_products();

Checks checks;

void begin_group(const char* name) {
  long count = checks.group_passed + checks.group_failed;
  if (count > 0) {
    printf("%-44s %6ld checks%s", checks.group, count, checks.group_failed == 0 ? "\n" : "");
    if (checks.group_failed > 0) {
      printf(", %ld failed\n", checks.group_failed);
    }
  }
  checks.group = name;
  checks.passed += checks.group_passed;
  checks.failed += checks.group_failed;
  checks.group_passed = 0;
  checks.group_failed = 0;
}

void check(bool holds, const char* format, ...) {
  if (holds) {
    checks.group_passed++;
    return;
  }
  /* The first few of a group say enough. */
  if (checks.group_failed++ < 8) {
    printf("  FAILED ");
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
  }
}

void check_same(const void* actual, const void* expected, int64_t bytes, const char* what) {
  const unsigned char* a = (const unsigned char*)actual;
  const unsigned char* b = (const unsigned char*)expected;
  for (int64_t i = 0; i < bytes; i++) {
    if (a[i] != b[i]) {
      check(false, "%s: byte %lld of %lld differs", what, (long long)i, (long long)bytes);
      return;
    }
  }
  check(true, "%s", what);
}

float bf16_value(uint16_t x) {
  uint32_t word = (uint32_t)x << 16;
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

uint16_t bf16_nearest(float x) {
  uint32_t word;
  memcpy(&word, &x, sizeof word);
  if (isnan(x)) {
    return (uint16_t)(word >> 16 | 0x40);
  }
  uint32_t rest = word & 0xffff;
  uint32_t kept = word >> 16;
  bool up = rest > 0x8000 || (rest == 0x8000 && (kept & 1));
  return (uint16_t)(kept + up);
}

float f16_value(uint16_t x) {
  int exponent = x >> 10 & 31;
  double fraction = x & 0x3ff;
  double value = exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                 : exponent == 0 ? ldexp(fraction, -24)
                                 : ldexp(1024 + fraction, exponent - 25);
  return (float)(x & 0x8000 ? -value : value);
}

/* Whether an area is asked for: all are without an argument. */
static bool wanted(const char* area, int count, char** arguments) {
  for (int i = 1; i < count; i++) {
    if (strcmp(arguments[i], area) == 0) {
      return true;
    }
  }
  return count <= 1;
}

int main(int count, char** arguments) {
  if (vesalius_abi_version() != VESALIUS_ABI_VERSION) {
    printf("version %d of the interface; expected %d\n", (int)vesalius_abi_version(), VESALIUS_ABI_VERSION);
    return 1;
  }
  const char* failure = vesalius_open();
  if (failure != nullptr) {
    printf("%s\n", failure);
    return 1;
  }
  printf("instruction set %s of %s\n", vesalius_isa(), vesalius_isas());
  setvbuf(stdout, nullptr, _IOLBF, 0);
  if (wanted("products", count, arguments)) {
    test_products();
  }
  if (wanted("rows", count, arguments)) {
    test_rows();
  }
  if (wanted("attention", count, arguments)) {
    test_attention();
  }
  if (wanted("limits", count, arguments)) {
    test_limits();
  }
  begin_group(nullptr);
  printf("%ld passed, %ld failed\n", checks.passed, checks.failed);
  return checks.failed == 0 && checks.passed > 0 ? 0 : 1;
}

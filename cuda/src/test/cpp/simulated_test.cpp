/* The test of the simulated device. With the argument `speed` it measures the shim instead. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

void test_shim();
void measure_shim();

static long passed, failed, group_passed, group_failed;
static const char* group;

void begin_group(const char* name) {
  if (group != nullptr) {
    printf("%-40s %5ld checks, %ld failed\n", group, group_passed + group_failed, group_failed);
  }
  passed += group_passed;
  failed += group_failed;
  group_passed = 0;
  group_failed = 0;
  group = name;
}

void check(bool holds, const char* format, ...) {
  if (holds) {
    group_passed++;
    return;
  }
  group_failed++;
  printf("  FAILED ");
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
}

int main(int count, char** arguments) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  if (count > 1 && strcmp(arguments[1], "speed") == 0) {
    measure_shim();
    return 0;
  }
  test_shim();
  begin_group(nullptr);
  printf("%ld passed, %ld failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

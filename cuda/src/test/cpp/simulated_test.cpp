/*
 * The test of the simulated device. Arguments choose areas: shim, driver, capture, cublas; `speed` measures the shim instead.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <initializer_list>

#include "check.h"

void test_shim();
void test_driver();
void test_capture();
void test_cublas();
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
  setvbuf(stdout, nullptr, _IOLBF, 0);
  if (count > 1 && strcmp(arguments[1], "speed") == 0) {
    measure_shim();
    return 0;
  }
  setenv("VESALIUS_SIMULATED_DEVICES", "2", 1);
  struct Area {
    const char* name;
    void (*test)();
  };
  for (const Area& area : {Area{"shim", test_shim}, Area{"driver", test_driver}, Area{"capture", test_capture}, Area{"cublas", test_cublas}}) {
    if (wanted(area.name, count, arguments)) {
      area.test();
    }
  }
  begin_group(nullptr);
  printf("%ld passed, %ld failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

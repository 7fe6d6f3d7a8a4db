/* Tests the kernels on the simulated device, each against plain loops. An argument: the only group of tests to run. */
#include "kernels_test.h"

#include <stdarg.h>
#include <stdio.h>

static long passed, failed, group_passed, group_failed;
static const char* group;

void begin_group(const char* name) {
  if (group != nullptr) {
    printf("%-40s %6ld checks, %ld failed\n", group, group_passed + group_failed, group_failed);
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
  if (group_failed++ < 10) {
    printf("  FAILED ");
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
  }
}

int main(int count, char** arguments) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  simt::catch_illegal_accesses();
  std::string only = count > 1 ? arguments[1] : "";
  if (only.empty() || only == "rows") {
    test_rows();
  }
  if (only.empty() || only == "products") {
    test_products();
  }
  if (only.empty() || only == "attention") {
    test_attention();
  }
  if (only.empty() || only == "sampling") {
    test_sampling();
  }
  begin_group(nullptr);
  printf("%ld passed, %ld failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

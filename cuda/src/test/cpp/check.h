/* Checks, counted by group. */
#ifndef VESALIUS_CHECK_H
#define VESALIUS_CHECK_H

void begin_group(const char* name);
__attribute__((format(printf, 2, 3))) void check(bool holds, const char* format, ...);

#endif

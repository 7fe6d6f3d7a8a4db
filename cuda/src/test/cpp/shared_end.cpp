/* Is linked behind all kernels, so that their shared variables can be found. */
#include "fibers.h"

static thread_local char mark[64];

char* simt::shared_variables_end() { return mark; }

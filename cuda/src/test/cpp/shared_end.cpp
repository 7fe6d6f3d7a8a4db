/* Is linked behind kernels, so that their shared variables can be found. */
#include "launch.h"

char* shared_variables_begin();

static thread_local char mark[64];

static char* shared_variables_end() { return mark; }

static const bool added = (simt::add_shared_variables(shared_variables_begin, shared_variables_end), true);

/* Is linked before kernels, so that their shared variables can be found. */
static thread_local char mark[64];

char* shared_variables_begin() { return mark; }

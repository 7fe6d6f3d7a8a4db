#define VESALIUS_TIER avx512
#define VESALIUS_TABLE TIER_AVX512
#define VESALIUS_LANES 16

#include "vec.h"

#include "products.h"

#include "rows.h"

#include "attention.h"

#include "limits.h"

#include "tier_table.h"

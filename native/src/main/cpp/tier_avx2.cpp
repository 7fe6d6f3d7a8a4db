#define VESALIUS_TIER avx2
#define VESALIUS_TABLE TIER_AVX2
#define VESALIUS_LANES 8

#include "vec.h"

#include "products.h"

#include "rows.h"

#include "attention.h"

#include "limits.h"

#include "tier_table.h"

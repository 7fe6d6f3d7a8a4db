#define VESALIUS_TIER neon
#define VESALIUS_TABLE TIER_NEON
#define VESALIUS_LANES 4

#include "vec.h"

#include "products.h"

#include "rows.h"

#include "attention.h"

#include "limits.h"

#include "tier_table.h"

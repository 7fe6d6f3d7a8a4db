#define VESALIUS_TIER baseline
#define VESALIUS_TABLE TIER_BASELINE
#define VESALIUS_LANES 4

#include "vec.h"

#include "products.h"

#include "rows.h"

#include "attention.h"

#include "limits.h"

#include "tier_table.h"

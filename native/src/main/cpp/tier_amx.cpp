#define VESALIUS_TIER amx
#define VESALIUS_TABLE TIER_AMX
#define VESALIUS_LANES 16

#include "vec.h"

#include "products.h"

#include "rows.h"

#include "attention.h"

#include "limits.h"

#include "tier_table.h"

/* Defines the table of the tier whose functions were included before; the including file names it VESALIUS_TABLE. */
#include "tier.h"

#define VESALIUS_TEXT_(x) #x
#define VESALIUS_TEXT(x) VESALIUS_TEXT_(x)

namespace vesalius {

const Tier VESALIUS_TABLE = {
    VESALIUS_TEXT(VESALIUS_TIER),
    VESALIUS_TIER::rounding_of,
    VESALIUS_TIER::product_scratch,
    VESALIUS_TIER::prepare_grain,
    VESALIUS_TIER::prepared_bytes,
    VESALIUS_TIER::prepare,
    VESALIUS_TIER::multiply_grain,
    VESALIUS_TIER::multiply,
    VESALIUS_TIER::embed,
    VESALIUS_TIER::mix_rows,
    VESALIUS_TIER::add_rows,
    VESALIUS_TIER::rms_norm,
    VESALIUS_TIER::layer_norm,
    VESALIUS_TIER::scale,
    VESALIUS_TIER::activate,
    VESALIUS_TIER::rotary_table,
    VESALIUS_TIER::rotate,
    VESALIUS_TIER::store_rows,
    VESALIUS_TIER::attention_rounding,
    VESALIUS_TIER::attention_scratch,
    VESALIUS_TIER::attention_rows,
    VESALIUS_TIER::attention_split,
    VESALIUS_TIER::attention,
    VESALIUS_TIER::attention_combine,
    VESALIUS_TIER::read_memory,
    VESALIUS_TIER::compute,
};

}  // namespace vesalius

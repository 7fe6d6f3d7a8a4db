/* Attention with heads of up to 80 numbers. */
#include "flash.h"

VESALIUS_FLASH(32)
VESALIUS_FLASH(64)
VESALIUS_FLASH(80)

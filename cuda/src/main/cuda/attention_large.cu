/* Attention with heads of up to 256 numbers. */
#include "flash.h"

VESALIUS_FLASH(96)
VESALIUS_FLASH(128)
VESALIUS_FLASH(256)

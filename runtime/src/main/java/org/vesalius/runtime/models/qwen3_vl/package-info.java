/** The Qwen3-VL family, dense and with experts. */
@NullMarked
package org.vesalius.runtime.models.qwen3_vl;

import org.jspecify.annotations.NullMarked;

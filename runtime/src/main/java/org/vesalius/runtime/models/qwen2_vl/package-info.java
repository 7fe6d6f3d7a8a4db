/** The Qwen2-VL family. */
@NullMarked
package org.vesalius.runtime.models.qwen2_vl;

import org.jspecify.annotations.NullMarked;

/** The Qwen3 mixture-of-experts family. */
@NullMarked
package org.vesalius.runtime.models.qwen3_moe;

import org.jspecify.annotations.NullMarked;

/** Qwen3 text models (Yang et al. 2025; transformers {@code modeling_qwen3.py}). */
@NullMarked
package org.vesalius.runtime.models.qwen3;

import org.jspecify.annotations.NullMarked;

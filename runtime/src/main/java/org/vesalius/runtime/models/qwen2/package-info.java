/** Qwen2 and Qwen2.5 text models (Yang et al. 2024; transformers {@code modeling_qwen2.py}). */
@NullMarked
package org.vesalius.runtime.models.qwen2;

import org.jspecify.annotations.NullMarked;

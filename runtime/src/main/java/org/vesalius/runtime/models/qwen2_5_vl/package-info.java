/**
 * Qwen2.5-VL (Bai et al. 2025; transformers {@code modeling_qwen2_5_vl.py}): a vision tower with
 * windowed and full attention at native resolution, a 2x2 patch merger, and a Qwen2 decoder with
 * multimodal rotary positions. Lingshu and QoQ-Med are checkpoints of this family.
 */
@NullMarked
package org.vesalius.runtime.models.qwen2_5_vl;

import org.jspecify.annotations.NullMarked;

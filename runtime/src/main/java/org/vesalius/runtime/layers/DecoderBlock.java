package org.vesalius.runtime.layers;

import org.jspecify.annotations.Nullable;

/**
 * One layer of a decoder with a norm before each part and, in Gemma 3, another one after it.
 *
 * @param attentionPostNorm over attention's output before it is added to the stream, or null
 * @param mlpPostNorm over the feed-forward network's output likewise, or null
 */
public record DecoderBlock(
    RmsNorm attentionNorm,
    SelfAttention attention,
    @Nullable RmsNorm attentionPostNorm,
    RmsNorm mlpNorm,
    FeedForward mlp,
    @Nullable RmsNorm mlpPostNorm) {}

package org.vesalius.runtime.layers;

/** One layer of a pre-norm decoder. */
public record DecoderBlock(
    RmsNorm attentionNorm, SelfAttention attention, RmsNorm mlpNorm, GatedMlp mlp) {}

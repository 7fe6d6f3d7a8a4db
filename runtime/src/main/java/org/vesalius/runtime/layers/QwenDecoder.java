package org.vesalius.runtime.layers;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Weight;

/**
 * Reads a decoder of the Llama shape (pre-norm, gated feed-forward, grouped queries) with what the
 * Qwen generations add: biases on queries, keys and values (Qwen2) or norms on queries and keys
 * (Qwen3).
 */
public final class QwenDecoder {
  private QwenDecoder() {}

  /**
   * What differs between the generations.
   *
   * @param inputBias whether queries, keys and values have a bias
   * @param outputBias whether attention's output projection has one
   * @param queryKeyNorm whether query and key heads are normalised
   */
  public record Variant(boolean inputBias, boolean outputBias, boolean queryKeyNorm) {}

  /**
   * Reads the decoder.
   *
   * @param model where {@code embed_tokens}, {@code layers} and {@code norm} are
   * @param root where {@code lm_head} is, if the head is not tied
   * @param sections position axes of the rotary embedding, see {@link RotaryFrequencies#text}
   */
  public static Decoder read(
      WeightReader model,
      WeightReader root,
      Kernels kernels,
      DecoderConfig config,
      Variant variant,
      int[] sections) {
    Weight embedding = model.weight("embed_tokens.weight", config.vocabulary(), config.width());
    List<DecoderBlock> blocks = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      WeightReader layer = model.at("layers", i);
      blocks.add(
          new DecoderBlock(
              layer.rmsNorm("input_layernorm", config.width(), config.epsilon()),
              attention(layer.at("self_attn"), config, variant, config.windows().get(i)),
              layer.rmsNorm("post_attention_layernorm", config.width(), config.epsilon()),
              mlp(layer.at("mlp"), config)));
    }
    Linear head =
        config.tied()
            ? new Linear(embedding, null)
            : root.linear("lm_head", config.vocabulary(), config.width(), false);
    return new Decoder(
        config,
        embedding,
        RotaryFrequencies.text(kernels, config.rope(), config.headSize(), sections),
        List.copyOf(blocks),
        model.rmsNorm("norm", config.width(), config.epsilon()),
        head);
  }

  /**
   * Whether a tensor repeats what the decoder has or computes: rotary frequencies, the head of a
   * tied model.
   */
  public static boolean isDerived(String name, DecoderConfig config) {
    return name.endsWith("rotary_emb.inv_freq")
        || (config.tied() && (name.equals("lm_head.weight") || name.endsWith(".lm_head.weight")));
  }

  private static SelfAttention attention(
      WeightReader reader, DecoderConfig config, Variant variant, int window) {
    int queries = config.heads() * config.headSize();
    int keys = config.kvHeads() * config.headSize();
    AttentionShape full =
        AttentionShape.causal(config.heads(), config.kvHeads(), config.headSize());
    AttentionShape shape =
        new AttentionShape(
            full.heads(), full.kvHeads(), full.headSize(), full.scale(), true, window);
    return new SelfAttention(
        reader.linear("q_proj", queries, config.width(), variant.inputBias()),
        reader.linear("k_proj", keys, config.width(), variant.inputBias()),
        reader.linear("v_proj", keys, config.width(), variant.inputBias()),
        reader.linear("o_proj", config.width(), queries, variant.outputBias()),
        headNorm(reader, "q_norm", config, variant),
        headNorm(reader, "k_norm", config, variant),
        shape);
  }

  private static @Nullable RmsNorm headNorm(
      WeightReader reader, String name, DecoderConfig config, Variant variant) {
    return variant.queryKeyNorm()
        ? reader.rmsNorm(name, config.headSize(), config.epsilon())
        : null;
  }

  private static GatedMlp mlp(WeightReader reader, DecoderConfig config) {
    return new GatedMlp(
        reader.linear("gate_proj", config.innerWidth(), config.width(), false),
        reader.linear("up_proj", config.innerWidth(), config.width(), false),
        reader.linear("down_proj", config.width(), config.innerWidth(), false),
        Activation.SILU);
  }
}

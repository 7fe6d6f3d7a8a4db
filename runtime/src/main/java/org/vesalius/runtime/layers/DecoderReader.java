package org.vesalius.runtime.layers;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Weight;

/** Reads a decoder from the tensors that the Llama code of transformers and its kin name. */
public final class DecoderReader {
  private final Kernels kernels;
  private final DecoderConfig config;
  private final DecoderStyle style;

  /** A reader for decoders of a style. */
  public DecoderReader(Kernels kernels, DecoderConfig config, DecoderStyle style) {
    this.kernels = kernels;
    this.config = config;
    this.style = style;
  }

  /**
   * Reads the decoder.
   *
   * @param model where {@code embed_tokens}, {@code layers} and {@code norm} are
   * @param root where {@code lm_head} is, if the head is not tied
   */
  public Decoder read(WeightReader model, WeightReader root) {
    WeightReader matrices = model.as(MatrixRole.DECODER);
    Weight embedding = embedding(model);
    List<DecoderStage> stages = new ArrayList<>();
    for (PipelineStage stage : PipelineStage.of(kernels, config.layers())) {
      stages.add(stage(matrices.on(stage.kernels()), stage));
    }
    Kernels last = stages.getLast().kernels();
    return new Decoder(
        config,
        embedding,
        style.scaledEmbedding() ? (float) Math.sqrt(config.width()) : 1,
        List.copyOf(stages),
        norm(model.on(last), "norm"),
        head(model.on(last), root.on(last), embedding));
  }

  /** As transformers 5.12.1 does: a head that is stored stays by itself whatever the file says. */
  private Linear head(WeightReader model, WeightReader root, Weight embedding) {
    if (!config.tied() || root.has("lm_head.weight")) {
      return root.as(MatrixRole.VOCABULARY)
          .linear("lm_head", config.vocabulary(), config.width(), false);
    }
    // Where the last layers are on another device than the embedding, that has a copy of it.
    return new Linear(
        kernels.ofLayer(config.layers() - 1) == kernels ? embedding : embedding(model), null);
  }

  private Weight embedding(WeightReader model) {
    return model
        .as(MatrixRole.VOCABULARY)
        .weight("embed_tokens.weight", config.vocabulary(), config.width());
  }

  private DecoderStage stage(WeightReader matrices, PipelineStage stage) {
    List<PositionEmbedding> positions =
        config.ropes().stream()
            .map(rope ->
                RotaryFrequencies.text(
                    stage.kernels(), rope, config.headSize(), config.trainedPositions()))
            .toList();
    List<DecoderBlock> blocks = new ArrayList<>();
    for (int layer = stage.first(); layer < stage.end(); layer++) {
      blocks.add(block(matrices.at("layers", layer), layer));
    }
    return new DecoderStage(stage, positions, List.copyOf(blocks));
  }

  /** Whether a tensor repeats what the decoder computes: rotary frequencies. */
  public static boolean isDerived(String name) {
    return name.endsWith("rotary_emb.inv_freq");
  }

  private DecoderBlock block(WeightReader layer, int index) {
    boolean sandwich = style.sandwich();
    return new DecoderBlock(
        norm(layer, "input_layernorm"),
        attention(layer.at("self_attn"), index),
        sandwich ? norm(layer, "post_attention_layernorm") : null,
        norm(layer, sandwich ? "pre_feedforward_layernorm" : "post_attention_layernorm"),
        feedForward(layer.at("mlp"), index),
        sandwich ? norm(layer, "post_feedforward_layernorm") : null);
  }

  private SelfAttention attention(WeightReader reader, int layer) {
    int queries = config.heads() * config.headSize();
    int keys = config.kvHeads() * config.headSize();
    return new SelfAttention(
        reader.linear("q_proj", queries, config.width(), style.inputBias()),
        reader.linear("k_proj", keys, config.width(), style.inputBias()),
        reader.linear("v_proj", keys, config.width(), style.inputBias()),
        reader.linear("o_proj", config.width(), queries, style.outputBias()),
        headNorm(reader, "q_norm"),
        headNorm(reader, "k_norm"),
        new AttentionShape(
            config.heads(),
            config.kvHeads(),
            config.headSize(),
            config.attentionScale(),
            true,
            config.windows().get(layer)),
        config.layerRopes().get(layer));
  }

  private RmsNorm norm(WeightReader reader, String name) {
    return reader.rmsNorm(name, config.width(), config.epsilon(), style.gainOffset());
  }

  private @Nullable RmsNorm headNorm(WeightReader reader, String name) {
    return style.queryKeyNorm()
        ? reader.rmsNorm(name, config.headSize(), config.epsilon(), style.gainOffset())
        : null;
  }

  private FeedForward feedForward(WeightReader reader, int layer) {
    if (config.experts().isPresent() && config.experts().get().layers().contains(layer)) {
      return ExpertMlp.read(reader, config, config.experts().get());
    }
    return new GatedMlp(
        reader.linear("gate_proj", config.innerWidth(), config.width(), style.mlpBias()),
        reader.linear("up_proj", config.innerWidth(), config.width(), style.mlpBias()),
        reader.linear("down_proj", config.width(), config.innerWidth(), style.mlpBias()),
        config.activation());
  }
}

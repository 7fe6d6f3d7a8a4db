package org.vesalius.runtime.models.qwen2_5_vl;

import org.vesalius.kernels.Activation;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.GatedMlp;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.RmsNorm;
import org.vesalius.runtime.layers.WeightReader;

/**
 * One block of the vision tower: pre-norm attention inside windows or over the image, then a gated
 * feed-forward network.
 *
 * @param qkv {@code (3 * width, width)}: queries, keys, values
 */
record VisionBlock(
    RmsNorm attentionNorm,
    Linear qkv,
    Linear output,
    RmsNorm mlpNorm,
    GatedMlp mlp,
    AttentionShape shape) {

  static VisionBlock read(WeightReader reader, VisionConfig config) {
    int width = config.width();
    WeightReader attention = reader.at("attn");
    WeightReader mlp = reader.at("mlp");
    return new VisionBlock(
        reader.rmsNorm("norm1", width, VisionTower.EPSILON),
        attention.linear("qkv", 3 * width, width, true),
        attention.linear("proj", width, width, true),
        reader.rmsNorm("norm2", width, VisionTower.EPSILON),
        new GatedMlp(
            mlp.linear("gate_proj", config.innerWidth(), width, true),
            mlp.linear("up_proj", config.innerWidth(), width, true),
            mlp.linear("down_proj", width, config.innerWidth(), true),
            Activation.SILU),
        AttentionShape.full(config.heads(), config.headSize()));
  }

  /**
   * Updates {@code x} in place. Everything but attention works on a slice of rows at a time, so
   * that a large image needs little scratch.
   *
   * @param starts first patch of each group that attends to itself
   */
  void forward(Kernels kernels, Tensor x, VisionScratch scratch, Tensor starts) {
    int width = x.columns();
    Tensor qkvs = scratch.qkv();
    scratch.slices(
        x.rows(),
        (from, count) -> {
          Tensor normed = scratch.normed().firstRows(count);
          attentionNorm.forward(kernels, normed, x.rows(from, count));
          qkv.forward(kernels, qkvs.rows(from, count), normed);
        });
    Tensor q = qkvs.columns(0, width);
    Tensor k = qkvs.columns(width, width);
    kernels.rotate(q, scratch.cos(), scratch.sin());
    kernels.rotate(k, scratch.cos(), scratch.sin());
    var keysAndValues = new KeyValues.Ragged(k, qkvs.columns(2 * width, width));
    kernels.attention(scratch.mixed(), q, keysAndValues, starts, shape);
    scratch.slices(
        x.rows(),
        (from, count) -> {
          Tensor rows = x.rows(from, count);
          Tensor normed = scratch.normed().firstRows(count);
          Tensor delta = scratch.delta().firstRows(count);
          output.forward(kernels, delta, scratch.mixed().rows(from, count));
          mlpNorm.addThenForward(kernels, normed, rows, delta);
          mlp.forward(
              kernels,
              delta,
              normed,
              scratch.gated().firstRows(count),
              scratch.raised().firstRows(count));
          kernels.add(rows, delta);
        });
  }
}

package org.vesalius.runtime.vision;

import java.util.List;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.FeedForward;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.Norm;
import org.vesalius.runtime.layers.PlainMlp;
import org.vesalius.runtime.layers.WeightReader;

/**
 * One block of a vision tower: pre-norm attention of all patches of a group to each other, then a
 * feed-forward network.
 *
 * @param qkv maps to queries, keys and values: one matrix of {@code 3 * width} rows, or three
 * @param rotated whether queries and keys are rotated by the patches' positions
 */
public record VisionBlock(
    Norm attentionNorm,
    List<Linear> qkv,
    Linear output,
    Norm mlpNorm,
    FeedForward mlp,
    AttentionShape shape,
    boolean rotated) {

  /**
   * Reads a block with layer norms, one matrix for queries, keys and values, and a plain
   * feed-forward network.
   *
   * @param up name of the network's first matrix
   * @param down name of its second
   */
  public static VisionBlock plain(
      WeightReader reader,
      VisionSizes sizes,
      float epsilon,
      Activation activation,
      String up,
      String down) {
    int width = sizes.width();
    return new VisionBlock(
        reader.layerNorm("norm1", width, epsilon),
        List.of(reader.linear("attn.qkv", 3 * width, width, true)),
        reader.linear("attn.proj", width, width, true),
        reader.layerNorm("norm2", width, epsilon),
        new PlainMlp(
            reader.linear(up, sizes.innerWidth(), width, true),
            reader.linear(down, width, sizes.innerWidth(), true),
            activation),
        AttentionShape.full(sizes.heads(), sizes.headSize()),
        true);
  }

  /**
   * Updates {@code x} in place. Everything but attention works on a slice of rows at a time, so
   * that a large image needs little scratch.
   *
   * @param starts first patch of each group that attends to itself, and the number of patches
   */
  public void forward(Kernels kernels, Tensor x, VisionScratch scratch, Tensor starts) {
    int width = x.columns();
    Tensor qkvs = scratch.qkv();
    scratch.slices(
        x.rows(),
        (from, count) -> {
          Tensor normed = scratch.normed().firstRows(count);
          attentionNorm.forward(kernels, normed, x.rows(from, count));
          int column = 0;
          for (Linear linear : qkv) {
            int columns = linear.weight().rows();
            linear.forward(kernels, qkvs.rows(from, count).columns(column, columns), normed);
            column += columns;
          }
        });
    Tensor q = qkvs.columns(0, width);
    Tensor k = qkvs.columns(width, width);
    if (rotated) {
      kernels.rotate(q, scratch.cos(), scratch.sin());
      kernels.rotate(k, scratch.cos(), scratch.sin());
    }
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
          mlp.forward(kernels, delta, normed, scratch.mlp());
          kernels.add(rows, delta);
        });
  }
}

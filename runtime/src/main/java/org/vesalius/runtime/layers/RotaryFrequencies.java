package org.vesalius.runtime.layers;

import java.util.Arrays;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Rotary;
import org.vesalius.loader.RopeConfig;
import org.vesalius.runtime.UnsupportedModelException;

/**
 * Computes the frequencies of rotary embeddings in single precision, step by step as transformers
 * does.
 */
public final class RotaryFrequencies {
  private RotaryFrequencies() {}

  /**
   * {@code 1 / theta^(2i/size)} for the pairs {@code i} of {@code size} elements.
   *
   * @param size number of rotated elements, twice the number of pairs
   */
  public static float[] inverse(double theta, int size) {
    float[] frequencies = new float[size / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float exponent = (float) (2 * i) / (float) size;
      frequencies[i] = 1.0f / (float) Math.pow((float) theta, exponent);
    }
    return frequencies;
  }

  /**
   * The rotary embedding of a text decoder.
   *
   * @param sections how many pairs follow each position axis, laid end to end (the multimodal
   *     rotary embedding of Qwen2-VL); empty for one axis
   */
  public static Rotary text(Kernels kernels, RopeConfig rope, int headSize, int[] sections) {
    if (!rope.type().equals("default")) {
      throw new UnsupportedModelException(
          "config.json: rotary scaling \""
              + rope.type()
              + "\" is not supported yet; supported is \"default\"");
    }
    int[] axis = new int[headSize / 2];
    int pair = 0;
    for (int a = 0; a < sections.length; a++) {
      int end = pair + sections[a];
      if (sections[a] < 0 || end > axis.length) {
        throw wrongSections(sections, headSize);
      }
      Arrays.fill(axis, pair, end, a);
      pair = end;
    }
    if (sections.length > 0 && pair != axis.length) {
      throw wrongSections(sections, headSize);
    }
    return new Rotary(
        WeightReader.vector(kernels, inverse(rope.theta(), headSize)),
        WeightReader.vector(kernels, axis),
        1);
  }

  private static UnsupportedModelException wrongSections(int[] sections, int headSize) {
    return new UnsupportedModelException(
        "config.json: mrope_section: expected sections that add up to half the head size, "
            + headSize / 2
            + ", found "
            + Arrays.toString(sections));
  }
}

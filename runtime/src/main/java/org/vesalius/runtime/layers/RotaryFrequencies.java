package org.vesalius.runtime.layers;

import java.util.Arrays;
import java.util.Optional;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Rotary;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.RopeConfig;
import org.vesalius.runtime.UnsupportedModelException;

/**
 * Computes the frequencies of rotary embeddings in single precision, step by step as transformers
 * 5.12.1 does ({@code modeling_rope_utils.py}).
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
      frequencies[i] = 1.0f / power(theta, i, size);
    }
    return frequencies;
  }

  private static float power(double theta, int pair, int size) {
    float exponent = (float) (2 * pair) / (float) size;
    return (float) Math.pow((float) theta, exponent);
  }

  /**
   * The rotary embedding of a text decoder.
   *
   * @param maxPositions {@code max_position_embeddings}
   * @throws UnsupportedModelException if the scaling is of a kind that is not known
   */
  public static PositionEmbedding text(
      Kernels kernels, RopeConfig rope, int headSize, int maxPositions) {
    ConfigNode parameters = rope.parameters();
    if (parameters.doubleValue("partial_rotary_factor", 1) != 1) {
      throw new UnsupportedModelException(
          parameters.file()
              + ": partial_rotary_factor: found "
              + parameters.doubleValue("partial_rotary_factor", 1)
              + ", supported is 1");
    }
    float scaling = 1;
    Optional<DynamicFrequencies> dynamic = Optional.empty();
    float[] frequencies = inverse(rope.theta(), headSize);
    switch (rope.type()) {
      case "default" -> {}
      case "linear" -> divide(frequencies, factor(parameters));
      case "llama3" -> frequencies = llama3(frequencies, parameters);
      case "dynamic" -> {
        if (rope.mropeSection().length > 0) {
          throw parameters.error(
              "rope_type", "another one than dynamic beside mrope_section", rope.type());
        }
        dynamic =
            Optional.of(
                new DynamicFrequencies(rope.theta(), factor(parameters), headSize, maxPositions));
      }
      case "yarn" -> {
        frequencies = yarn(rope, headSize);
        scaling = yarnScaling(parameters);
      }
      default ->
          throw new UnsupportedModelException(
              parameters.file()
                  + ": rope_type: found \""
                  + rope.type()
                  + "\", supported are default, linear, dynamic, yarn and llama3");
    }
    return new PositionEmbedding(
        new Rotary(
            WeightReader.vector(kernels, frequencies),
            WeightReader.vector(kernels, axes(rope, headSize / 2)),
            scaling),
        dynamic);
  }

  /**
   * Tokens that a scaled embedding reaches: the length in the configuration, or, where that is the
   * trained one, so many times more.
   */
  public static int reach(RopeConfig rope, int maxPositions) {
    ConfigNode parameters = rope.parameters();
    return switch (rope.type()) {
      case "linear", "dynamic" -> (int) (maxPositions * factor(parameters));
      case "yarn" ->
          Math.max(
              maxPositions,
              (int) (parameters.intValue("original_max_position_embeddings") * factor(parameters)));
      default -> maxPositions;
    };
  }

  /** Which position axis each pair follows: in blocks (Qwen2-VL) or alternating (Qwen3-VL). */
  private static int[] axes(RopeConfig rope, int pairs) {
    int[] sections = rope.mropeSection();
    int[] axes = new int[pairs];
    boolean valid = sections.length == 0 || Arrays.stream(sections).allMatch(size -> size >= 0);
    if (!valid || (sections.length > 0 && Arrays.stream(sections).sum() != pairs)) {
      throw rope.parameters()
          .error(
              "mrope_section",
              "sections that add up to half the head size, " + pairs,
              Arrays.toString(sections));
    }
    if (rope.mropeInterleaved()) {
      if (sections.length != 3 || 3 * Math.max(sections[1], sections[2]) > pairs + 2) {
        throw rope.parameters()
            .error("mrope_section", "three sections that can alternate", Arrays.toString(sections));
      }
      for (int axis = 1; axis < sections.length; axis++) {
        for (int pair = axis; pair < 3 * sections[axis]; pair += 3) {
          axes[pair] = axis;
        }
      }
      return axes;
    }
    int pair = 0;
    for (int axis = 0; axis < sections.length; axis++) {
      Arrays.fill(axes, pair, pair + sections[axis], axis);
      pair += sections[axis];
    }
    return axes;
  }

  private static double factor(ConfigNode parameters) {
    double factor = parameters.doubleValue("factor");
    if (!(factor >= 1) || Double.isInfinite(factor)) {
      throw parameters.error("factor", "a number of at least 1", Double.toString(factor));
    }
    return factor;
  }

  private static void divide(float[] frequencies, double factor) {
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] /= (float) factor;
    }
  }

  /** Long waves are stretched, short ones stay, those between are mixed (Llama 3.1). */
  private static float[] llama3(float[] frequencies, ConfigNode parameters) {
    float factor = (float) factor(parameters);
    float low = (float) parameters.doubleValue("low_freq_factor");
    float high = (float) parameters.doubleValue("high_freq_factor");
    int trained = parameters.intValue("original_max_position_embeddings");
    if (!(low > 0 && high > low)) {
      throw parameters.error(
          "high_freq_factor", "a number above low_freq_factor", high + " and " + low);
    }
    float[] scaled = new float[frequencies.length];
    for (int i = 0; i < frequencies.length; i++) {
      float frequency = frequencies[i];
      float wave = (float) (2 * Math.PI) / frequency;
      if (wave > trained / low) {
        scaled[i] = frequency / factor;
      } else if (wave < trained / high) {
        scaled[i] = frequency;
      } else {
        float smooth = (trained / wave - low) / (high - low);
        scaled[i] = (1 - smooth) * frequency / factor + smooth * frequency;
      }
    }
    return scaled;
  }

  /**
   * Peng et al. 2023: pairs that turn slowly are stretched, fast ones stay, with a ramp between.
   */
  private static float[] yarn(RopeConfig rope, int size) {
    ConfigNode parameters = rope.parameters();
    double factor = factor(parameters);
    double low = correction(rope, size, orDefault(parameters, "beta_fast", 32));
    double high = correction(rope, size, orDefault(parameters, "beta_slow", 1));
    if (parameters.booleanValue("truncate", true)) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, size - 1);
    if (low == high) {
      high += 0.001; // as the reference does, against a division by zero
    }
    float[] frequencies = new float[size / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float power = power(rope.theta(), i, size);
      float ramp = Math.clamp((i - (float) low) / (float) (high - low), 0, 1);
      float kept = 1 - ramp;
      frequencies[i] = 1 / ((float) factor * power) * (1 - kept) + 1 / power * kept;
    }
    return frequencies;
  }

  /** The pair that turns {@code rotations} times within the trained length. */
  private static double correction(RopeConfig rope, int size, double rotations) {
    int trained = rope.parameters().intValue("original_max_position_embeddings");
    return size * Math.log(trained / (rotations * 2 * Math.PI)) / (2 * Math.log(rope.theta()));
  }

  private static float yarnScaling(ConfigNode parameters) {
    if (parameters.has("attention_factor")) {
      return (float) parameters.doubleValue("attention_factor");
    }
    double factor = factor(parameters);
    double numerator = parameters.doubleValue("mscale", 0);
    double denominator = parameters.doubleValue("mscale_all_dim", 0);
    return (float)
        (numerator != 0 && denominator != 0
            ? magnitude(factor, numerator) / magnitude(factor, denominator)
            : magnitude(factor, 1));
  }

  private static double magnitude(double factor, double scale) {
    return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
  }

  /** A parameter whose null and 0 mean the default, as in Python's {@code or}. */
  private static double orDefault(ConfigNode parameters, String key, double value) {
    double found = parameters.doubleValue(key, value);
    return found == 0 ? value : found;
  }
}

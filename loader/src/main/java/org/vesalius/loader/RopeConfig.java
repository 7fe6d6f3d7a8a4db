package org.vesalius.loader;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * The rotary position embedding of a decoder, the same whichever way a configuration states it.
 *
 * <p>Read from {@code rope_parameters} (transformers 5), or from {@code rope_scaling} and {@code
 * rope_theta} (transformers 4). As in transformers 5.12.1 ({@code modeling_rope_utils.py}) a
 * non-empty {@code rope_scaling} replaces {@code rope_parameters}; {@code rope_type} wins over the
 * old name {@code type}; {@code theta} is the value inside that object, else the key {@code
 * rope_theta} beside it, else the default of the architecture; type {@code mrope} is the type
 * {@code default} with {@code mrope_section}; {@code partial_rotary_factor} and, for the types that
 * need it, {@code original_max_position_embeddings} are filled in from the keys beside it.
 *
 * @param type the scaling scheme: {@code default}, {@code linear}, {@code dynamic}, {@code yarn},
 *     {@code longrope}, {@code llama3}, or another one that the caller has to refuse
 * @param theta base of the frequencies
 * @param parameters all parameters of the scheme, completed as above
 * @param mropeSection frequencies per axis (time, height, width) of a multimodal embedding; empty
 *     when positions are one-dimensional
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out; equality is not used
public record RopeConfig(String type, double theta, ConfigNode parameters, int[] mropeSection) {
  static final String FULL = "full_attention";
  static final String SLIDING = "sliding_attention";

  public RopeConfig {
    mropeSection = mropeSection.clone();
  }

  /** A copy: frequencies per axis, or an empty array. */
  @Override
  public int[] mropeSection() {
    return mropeSection.clone();
  }

  /** Whether frequencies of the axes alternate (Qwen3-VL) or lie in blocks (Qwen2-VL). */
  public boolean mropeInterleaved() {
    return parameters.booleanValue("mrope_interleaved", false);
  }

  /** One embedding for all layers. */
  static RopeConfig uniform(ConfigNode text, OptionalDouble defaultTheta) {
    return of(text, source(text), "rope_theta", defaultTheta);
  }

  /** Whether {@code rope_parameters} holds one object per layer type. */
  static boolean isPerLayerType(ConfigNode text) {
    if (source(text).path().endsWith("rope_scaling") || !text.has("rope_parameters")) {
      return false;
    }
    ConfigNode parameters = text.object("rope_parameters");
    return !parameters.keys().isEmpty()
        && parameters.keys().stream().allMatch(parameters::isObject);
  }

  /** One embedding per layer type as {@code rope_parameters} lists them. */
  static Map<String, RopeConfig> perLayerType(ConfigNode text, OptionalDouble defaultTheta) {
    ConfigNode parameters = text.object("rope_parameters");
    Map<String, RopeConfig> ropes = new LinkedHashMap<>();
    for (String layerType : parameters.keys()) {
      ropes.put(layerType, of(text, parameters.object(layerType), "rope_theta", defaultTheta));
    }
    return ropes;
  }

  /**
   * Gemma 3, whose older configurations give the full layers {@code rope_theta} and {@code
   * rope_scaling}, and the sliding layers {@code rope_local_base_freq} without scaling.
   */
  static Map<String, RopeConfig> gemma3(ConfigNode text) {
    if (text.has("rope_parameters") && !isPerLayerType(text)) {
      throw text.error(
          "rope_parameters",
          "one object per layer type (" + FULL + ", " + SLIDING + ") and no rope_scaling",
          "another layout");
    }
    ConfigNode parameters = text.objectOrEmpty("rope_parameters");
    ConfigNode full =
        parameters.has(FULL) ? parameters.object(FULL) : text.objectOrEmpty("rope_scaling");
    Map<String, RopeConfig> ropes = new LinkedHashMap<>();
    ropes.put(FULL, of(text, full, "rope_theta", OptionalDouble.of(1e6)));
    ropes.put(
        SLIDING,
        of(
            text,
            parameters.objectOrEmpty(SLIDING),
            "rope_local_base_freq",
            OptionalDouble.of(1e4)));
    return ropes;
  }

  private static ConfigNode source(ConfigNode text) {
    ConfigNode scaling = text.objectOrEmpty("rope_scaling");
    return scaling.keys().isEmpty() ? text.objectOrEmpty("rope_parameters") : scaling;
  }

  private static RopeConfig of(
      ConfigNode text, ConfigNode source, String thetaKey, OptionalDouble defaultTheta) {
    for (String key : source.keys()) {
      if (source.isObject(key)) {
        throw source.error(key, "a parameter, or an object under every key", "an object");
      }
    }
    String type = source.string("rope_type", source.string("type", "default"));
    if (type.equals("mrope")) {
      type = "default";
      source.ints("mrope_section");
    }
    ConfigNode parameters = source.with("rope_type", type);
    if (text.has(thetaKey)) {
      parameters = parameters.withDefault("rope_theta", text.doubleValue(thetaKey));
    } else if (defaultTheta.isPresent()) {
      parameters = parameters.withDefault("rope_theta", defaultTheta.getAsDouble());
    } else if (!parameters.has("rope_theta")) {
      throw text.error(thetaKey, "it here or in rope_parameters", "no such key");
    }
    if (text.has("partial_rotary_factor")) {
      parameters =
          parameters.withDefault(
              "partial_rotary_factor", text.doubleValue("partial_rotary_factor"));
    }
    if (type.equals("llama3") || type.equals("yarn") || type.equals("longrope")) {
      parameters = withTrainedLength(text, parameters);
    }
    double theta = parameters.doubleValue("rope_theta");
    if (theta <= 0) {
      throw parameters.error("rope_theta", "a positive number", Double.toString(theta));
    }
    int[] sections =
        parameters.has("mrope_section") ? parameters.ints("mrope_section") : new int[0];
    return new RopeConfig(type, theta, parameters, sections);
  }

  private static ConfigNode withTrainedLength(ConfigNode text, ConfigNode parameters) {
    String key = "original_max_position_embeddings";
    if (text.has(key)) {
      return parameters.with(key, text.intValue(key));
    }
    return parameters.has(key)
        ? parameters
        : parameters.with(key, text.intValue("max_position_embeddings"));
  }
}

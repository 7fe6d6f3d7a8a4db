package org.vesalius.runtime.vision;

import java.util.Set;
import java.util.function.Supplier;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.UnsupportedModelException;

/** What the image factories check alike in a configuration. */
final class ImageSettings {
  private ImageSettings() {}

  /** Class name without the name of its back end. */
  static String type(PreprocessorConfig config) {
    return config.imageProcessorType().replaceFirst("(Fast|Pil)$", "");
  }

  /**
   * Refuses other classes, and classes that leave a step out.
   *
   * @param types class names without the name of a back end
   */
  static void check(PreprocessorConfig config, Set<String> types) {
    ConfigNode raw = config.raw();
    if (!types.contains(type(config))) {
      throw unsupported(
          raw,
          "image_processor_type",
          config.imageProcessorType(),
          String.join(", ", types.stream().sorted().toList()));
    }
    requireOn(raw, "do_rescale", config.doRescale());
    requireOn(raw, "do_normalize", config.doNormalize());
  }

  static void requireOn(ConfigNode raw, String key, boolean value) {
    if (!value) {
      throw unsupported(raw, key, "false", "true");
    }
  }

  /** Builds a processor; what it refuses becomes an error about the file. */
  static <T> T build(ConfigNode raw, Supplier<T> processor) {
    try {
      return processor.get();
    } catch (IllegalArgumentException e) {
      throw new UnsupportedModelException(raw + ": " + e.getMessage());
    }
  }

  static UnsupportedModelException unsupported(
      ConfigNode raw, String key, String found, String supported) {
    return new UnsupportedModelException(
        raw.file() + ": " + raw.path(key) + ": found " + found + ", supported is " + supported);
  }

  static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}

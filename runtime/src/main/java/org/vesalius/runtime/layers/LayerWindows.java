package org.vesalius.runtime.layers;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.vesalius.loader.ConfigNode;

/** Reads how many keys the queries of each layer see. */
final class LayerWindows {
  private static final Set<String> TYPES = Set.of("full_attention", "sliding_attention");

  private LayerWindows() {}

  /**
   * For each layer the number of keys, 0 for all. {@code layer_types} decides in the families that
   * look at it; in the others it must agree with their own keys.
   */
  static List<Integer> read(ConfigNode text, int layers, DecoderStyle.WindowRule rule) {
    if (!text.has("layer_types")) {
      return byRule(text, layers, rule);
    }
    List<String> types = types(text, layers);
    boolean slides = types.contains("sliding_attention");
    if (!rule.readsLayerTypes()) {
      List<Integer> windows = byRule(text, layers, rule);
      for (int i = 0; i < layers; i++) {
        if (types.get(i).equals("sliding_attention") != windows.get(i) > 0) {
          throw text.error(
              "layer_types",
              "what sliding_window says, since this family has one window for all layers or none",
              types.toString());
        }
      }
      return windows;
    }
    if (slides
        && rule == DecoderStyle.WindowRule.FROM_LAYER
        && !text.booleanValue("use_sliding_window", false)) {
      throw text.error("use_sliding_window", "true, since layer_types has sliding layers", "false");
    }
    return types.stream()
        .map(type -> type.equals("sliding_attention") ? required(text) : 0)
        .toList();
  }

  private static List<Integer> byRule(ConfigNode text, int layers, DecoderStyle.WindowRule rule) {
    return switch (rule) {
      case NONE -> {
        if (text.has("sliding_window") && text.booleanValue("use_sliding_window", true)) {
          throw text.error(
              "sliding_window",
              "null, since the layers of this family see all keys",
              "" + text.intValue("sliding_window"));
        }
        yield Collections.nCopies(layers, 0);
      }
      case ALL -> Collections.nCopies(layers, window(text));
      case ALL_IF_USED ->
          Collections.nCopies(
              layers, text.booleanValue("use_sliding_window", false) ? window(text) : 0);
      case FROM_LAYER -> {
        boolean sliding = text.booleanValue("use_sliding_window", false);
        int first = text.intValue("max_window_layers", layers);
        yield IntStream.range(0, layers)
            .mapToObj(i -> sliding && i >= first ? window(text) : 0)
            .toList();
      }
      case PATTERN -> {
        int pattern = text.intValue("sliding_window_pattern", 6);
        if (pattern <= 0) {
          throw text.error("sliding_window_pattern", "a positive number", "" + pattern);
        }
        yield IntStream.range(0, layers)
            .mapToObj(i -> (i + 1) % pattern != 0 ? required(text) : 0)
            .toList();
      }
    };
  }

  private static List<String> types(ConfigNode text, int layers) {
    List<String> types = text.strings("layer_types");
    if (types.size() != layers || !TYPES.containsAll(types)) {
      throw text.error(
          "layer_types", layers + " entries out of " + TYPES, types.size() + " entries " + types);
    }
    return types;
  }

  private static int required(ConfigNode text) {
    int window = window(text);
    if (window == 0) {
      throw text.error("sliding_window", "a size, since some layers slide", "none");
    }
    return window;
  }

  private static int window(ConfigNode text) {
    int window = text.intValue("sliding_window", 0);
    if (window < 0 || (window == 0 && text.has("sliding_window"))) {
      throw text.error("sliding_window", "a positive number or null", "" + window);
    }
    return window;
  }
}

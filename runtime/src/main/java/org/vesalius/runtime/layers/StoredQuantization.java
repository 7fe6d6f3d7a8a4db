package org.vesalius.runtime.layers;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.vesalius.kernels.Weight;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.WeightFormat;

/**
 * {@code quantization_config} of config.json, as docs/quantized-checkpoints.md describes it.
 *
 * @param format {@link WeightFormat#INT8} or {@link WeightFormat#INT4}
 */
public record StoredQuantization(WeightFormat format) {
  /** Key of config.json. */
  public static final String KEY = "quantization_config";

  /** {@code quant_method} of the layout that this version reads and writes. */
  public static final String METHOD = "vesalius";

  /** Version of the layout. */
  public static final int VERSION = 1;

  /** Checks the format. */
  public StoredQuantization {
    groupSize(format);
  }

  /** Columns that share a scale. */
  public int groupSize() {
    return groupSize(format);
  }

  private static int groupSize(WeightFormat format) {
    return switch (format) {
      case INT8 -> Weight.Int8.GROUP;
      case INT4 -> Weight.Int4.GROUP;
      case AS_STORED, BF16, FP8 ->
          throw new IllegalArgumentException(
              "quantization: expected INT8 or INT4, found " + format);
    };
  }

  /** The format's name in the file: {@code int8} or {@code int4}. */
  public String formatName() {
    return name(format);
  }

  private static String name(WeightFormat format) {
    return format.name().toLowerCase(Locale.ROOT);
  }

  /**
   * The quantization of a checkpoint; empty for one of plain numbers.
   *
   * @param root of config.json
   * @throws UnsupportedModelException naming a method, format or version that this version cannot
   *     read
   */
  public static Optional<StoredQuantization> read(ConfigNode root) {
    if (!root.has(KEY)) {
      return Optional.empty();
    }
    ConfigNode node = root.object(KEY);
    String method = node.string("quant_method");
    if (!method.equals(METHOD)) {
      throw unsupported(node, "quant_method", METHOD, method);
    }
    int version = node.intValue("version");
    if (version != VERSION) {
      throw unsupported(node, "version", Integer.toString(VERSION), Integer.toString(version));
    }
    String format = node.string("format");
    StoredQuantization found =
        Stream.of(WeightFormat.INT8, WeightFormat.INT4)
            .filter(known -> name(known).equals(format))
            .findFirst()
            .map(StoredQuantization::new)
            .orElseThrow(() -> unsupported(node, "format", "int8 or int4", format));
    int group = node.intValue("group_size");
    if (group != found.groupSize()) {
      throw unsupported(
          node, "group_size", Integer.toString(found.groupSize()), Integer.toString(group));
    }
    return Optional.of(found);
  }

  private static UnsupportedModelException unsupported(
      ConfigNode node, String key, String expected, String found) {
    return new UnsupportedModelException(
        node.file()
            + ": "
            + node.path(key)
            + ": expected "
            + expected
            + ", found \""
            + found
            + "\"; supported are plain F32, F16 and BF16 weights and what the quantize command"
            + " writes");
  }
}

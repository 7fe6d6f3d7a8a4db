package org.vesalius.bench.onednn;

import java.util.List;
import java.util.Locale;

/**
 * A way in which oneDNN can multiply activations with weights of one format. Which of several is
 * the fastest depends on the processor: one without instructions for BF16 does better with weights
 * that were widened beforehand.
 *
 * @param source format of the activations
 * @param weights format of the weights in the layout that the library prefers
 * @param roundable whether it may round to BF16 what it computes with
 */
public record Way(NumberType source, NumberType weights, boolean roundable) {
  /** Columns that share a scale where the weights are of four bits. */
  static final int INT4_GROUP = 64;

  /** For weights of float32: nothing is rounded. */
  public static List<Way> f32() {
    return List.of(new Way(NumberType.F32, NumberType.F32, false));
  }

  /** For weights of bfloat16. */
  public static List<Way> bf16() {
    return List.of(
        new Way(NumberType.BF16, NumberType.BF16, false),
        new Way(NumberType.F32, NumberType.BF16, true),
        new Way(NumberType.F32, NumberType.F32, true));
  }

  /**
   * For weights of eight bits, with a scale for each row. On a processor without VNNI the library
   * lets sums of two products saturate at 16 bits, which is quicker than to do without.
   */
  public static List<Way> int8() {
    return List.of(
        new Way(NumberType.U8, NumberType.S8, false),
        new Way(NumberType.S8, NumberType.S8, false),
        new Way(NumberType.BF16, NumberType.S8, true),
        new Way(NumberType.F32, NumberType.S8, true));
  }

  /** For weights of four bits, with a scale and a zero point for each 64 columns of a row. */
  public static List<Way> int4() {
    return List.of(
        new Way(NumberType.BF16, NumberType.U4, true),
        new Way(NumberType.F32, NumberType.U4, true));
  }

  /** Whether activations are integers too. */
  boolean integer() {
    return source == NumberType.U8 || source == NumberType.S8;
  }

  @Override
  public String toString() {
    String text = source + ":" + weights + ":F32" + (roundable ? ":bf16-math" : "");
    return text.toLowerCase(Locale.ROOT);
  }
}

package org.vesalius.runtime.answer;

import java.util.List;

/**
 * How a model writes places in pictures.
 *
 * @param syntaxes what is looked for
 * @param scale what the numbers mean
 */
public record GroundingFormat(List<Syntax> syntaxes, Scale scale) {

  /** A way of writing places. */
  public enum Syntax {
    /** {@code <bbox>x0 y0 x1 y1</bbox>}, {@code <point>x y</point>}, {@code <polygon>}. */
    TAGS,

    /** JSON objects with {@code bbox_2d: [x0, y0, x1, y1]} or {@code point_2d: [x, y]}. */
    BBOX_2D,

    /** JSON objects with {@code box_2d: [y0, x0, y1, x1]}. */
    BOX_2D,

    /**
     * {@code <|object_ref_start|>label<|object_ref_end|><|box_start|>(x0,y0),(x1,y1)<|box_end|>};
     * one pair is a point, {@code <|quad_start|>} a polygon. These marks are special tokens and not
     * part of the answer's text.
     */
    BOX_TOKENS,

    /** {@code Label <box>[[x0, y0, x1, y1], …]</box>}. */
    LABELLED;

    List<String> marks() {
      return switch (this) {
        case BBOX_2D, BOX_2D -> List.of();
        case TAGS -> List.of("<bbox>", "</bbox>", "<point>", "</point>", "<polygon>", "</polygon>");
        case LABELLED -> List.of("<box>", "</box>");
        case BOX_TOKENS ->
            List.of(
                "<|object_ref_start|>",
                "<|object_ref_end|>",
                "<|box_start|>",
                "<|box_end|>",
                "<|quad_start|>",
                "<|quad_end|>");
      };
    }
  }

  /** What numbers mean. */
  public sealed interface Scale {
    /**
     * Parts of the picture as the model saw it, padding included.
     *
     * @param divisor the number that stands for the whole side
     * @param largest the largest number that may be written
     */
    record Relative(double divisor, double largest) implements Scale {}

    /** Pixels of the picture as the model saw it. */
    record ModelPixels() implements Scale {}
  }

  /** No places. */
  public static final GroundingFormat NONE = new GroundingFormat(List.of(), thousandths(1000));

  /**
   * Seed1.5-VL: 1000 bins a side, numbered 0 to 999, so the divisor is 1000 as in the vendor's
   * sample code; 1000 itself does not exist.
   */
  public static final GroundingFormat SEED =
      new GroundingFormat(List.of(Syntax.TAGS), thousandths(999));

  /**
   * Qwen3-VL and MedMO, which is tuned from it. The vendor's cookbook divides by 1000 while its
   * documents speak of 0 to 999: the divisor is 1000, and 1000, the far edge, is accepted.
   */
  public static final GroundingFormat QWEN3_VL =
      new GroundingFormat(List.of(Syntax.BBOX_2D, Syntax.LABELLED), thousandths(1000));

  /** Qwen2.5-VL: pixels after the resize. */
  public static final GroundingFormat QWEN2_5_VL =
      new GroundingFormat(List.of(Syntax.BBOX_2D), new Scale.ModelPixels());

  /** Qwen2-VL. */
  public static final GroundingFormat QWEN2_VL =
      new GroundingFormat(List.of(Syntax.BOX_TOKENS), thousandths(1000));

  /** MedGemma: y before x. */
  public static final GroundingFormat GEMMA =
      new GroundingFormat(List.of(Syntax.BOX_2D), thousandths(1000));

  /** Copies the list. */
  public GroundingFormat {
    syntaxes = List.copyOf(syntaxes);
  }

  private static Scale thousandths(double largest) {
    return new Scale.Relative(1000, largest);
  }

  /** Marks that some tokenizers keep as special tokens. */
  public List<String> marks() {
    return syntaxes.stream().flatMap(syntax -> syntax.marks().stream()).toList();
  }
}

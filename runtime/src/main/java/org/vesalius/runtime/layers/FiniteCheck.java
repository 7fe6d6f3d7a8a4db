package org.vesalius.runtime.layers;

import java.util.Optional;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * Finds the first activation with a number that is not finite: an observer for a request that
 * failed with {@link org.vesalius.runtime.NumericalException}, or that writes nonsense. It copies
 * every activation to the host, so it is for looking, not for use. One per request, not
 * thread-safe.
 */
public final class FiniteCheck implements LayerObserver {
  private float[] numbers = {};
  private int activations;
  private float largest;
  private String largestIn = "";
  private String last = "";
  private Optional<Finding> first = Optional.empty();

  /**
   * The first number that is not finite.
   *
   * @param activation as {@link LayerObserver#observe} names it
   * @param row token of the step, or patch of the picture
   * @param column of the activation
   * @param value NaN or an infinity
   * @param before the activation before, all of whose numbers were finite; empty for the first
   * @param largest magnitude of the largest number up to there
   */
  public record Finding(
      String activation, int row, int column, float value, String before, float largest) {

    /** What computes the activation, for people. */
    public String where() {
      String number = activation.substring(activation.lastIndexOf('.') + 1);
      return switch (activation) {
        case "hidden.0" -> "the token embedding, or the rows of a picture";
        case "hidden.norm" -> "the norm before the head";
        case "logits" -> "the head";
        case "vision.embed" -> "the patch embedding of the vision tower";
        case "vision.projector_in" -> "the end of the vision tower";
        case "image_embeds" -> "the projector of the vision tower";
        default ->
            activation.startsWith("hidden.")
                ? "decoder layer " + (Integer.parseInt(number) - 1)
                : activation.startsWith("vision.block.")
                    ? "block " + number + " of the vision tower"
                    : activation;
      };
    }

    /** One line that says what, where and what to do. */
    public String describe() {
      return where()
          + " (counted from 0) is the first that computes a number that is not finite: "
          + value
          + " in "
          + activation
          + ", row "
          + row
          + ", column "
          + column
          + (before.isEmpty() ? "" : "; up to " + before + " the largest number was " + largest)
          + "; its weights are damaged, or overflow in this number format: check the file's"
          + " checksum, and compare with --backend reference --kv-cache f32";
    }
  }

  @Override
  public void observe(Kernels kernels, String name, Tensor x) {
    if (first.isPresent()) {
      return;
    }
    int count = Math.multiplyExact(x.rows(), x.columns());
    if (numbers.length < count) {
      numbers = new float[count];
    }
    kernels.read(numbers, x);
    float most = 0;
    for (int i = 0; i < count; i++) {
      float magnitude = Math.abs(numbers[i]);
      // NaN is not at most anything.
      if (!(magnitude <= Float.MAX_VALUE)) {
        first =
            Optional.of(
                new Finding(name, i / x.columns(), i % x.columns(), numbers[i], last, largest));
        return;
      }
      most = Math.max(most, magnitude);
    }
    activations++;
    last = name;
    if (most > largest) {
      largest = most;
      largestIn = name;
    }
  }

  /** The first number that is not finite, if there was one. */
  public Optional<Finding> first() {
    return first;
  }

  /** How many activations were looked at and finite. */
  public int activations() {
    return activations;
  }

  /** Magnitude of the largest finite number. */
  public float largest() {
    return largest;
  }

  /** The activation that has it; empty before the first. */
  public String largestIn() {
    return largestIn;
  }
}

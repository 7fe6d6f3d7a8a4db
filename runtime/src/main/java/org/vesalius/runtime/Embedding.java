package org.vesalius.runtime;

/**
 * A text or conversation as a vector: pooled hidden states after the decoder's final norm, as
 * {@code last_hidden_state} of transformers has them. Models that were made to answer place similar
 * texts near each other only roughly; compare with {@link #cosine}.
 *
 * @param values as many as the model is wide
 * @param pooling how the tokens' states became one
 * @param tokens how many tokens there were
 */
@SuppressWarnings("ArrayRecordComponent") // read-only by contract; an index holds thousands
public record Embedding(float[] values, Pooling pooling, int tokens) {

  /** Euclidean length. */
  public double norm() {
    return Math.sqrt(dot(this));
  }

  /**
   * The same direction, of length 1.
   *
   * @throws ArithmeticException if all values are 0
   */
  public Embedding normalized() {
    double norm = norm();
    if (norm == 0) {
      throw new ArithmeticException("an embedding of nothing but zeros has no direction");
    }
    float[] unit = new float[values.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (values[i] / norm);
    }
    return new Embedding(unit, pooling, tokens);
  }

  /**
   * Cosine of the angle to another, from -1 to 1; 0 where one of them is nothing but zeros.
   *
   * @throws IllegalArgumentException if it is of a model of another width
   */
  public double cosine(Embedding other) {
    double product = dot(other);
    double norms = norm() * other.norm();
    return norms == 0 ? 0 : Math.clamp(product / norms, -1, 1);
  }

  private double dot(Embedding other) {
    if (values.length != other.values.length) {
      throw new IllegalArgumentException(
          "embeddings of different models: expected "
              + values.length
              + " values, found "
              + other.values.length);
    }
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += (double) values[i] * other.values[i];
    }
    return sum;
  }
}

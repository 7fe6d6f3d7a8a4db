package org.vesalius.runtime.generate;

import java.util.Arrays;
import java.util.List;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.NumericalException;
import org.vesalius.runtime.Pooling;

/**
 * The hidden states of a prompt's tokens after the decoder's final norm, made one vector of. Sums
 * are in double precision and in the order of the tokens, so they do not depend on where steps end.
 */
final class HiddenPooling implements Outcome {
  private final int promptLength;
  private final Pooling pooling;
  private final StepResult result;
  private final double[] sum;

  /**
   * Nothing known yet.
   *
   * @param width of a hidden state
   */
  HiddenPooling(int promptLength, Pooling pooling, int width) {
    this.promptLength = promptLength;
    this.pooling = pooling;
    sum = new double[width];
    result = StepResult.hidden(new StepResult.Hidden(pooling == Pooling.LAST, this::add));
  }

  @Override
  public StepResult result(boolean last) {
    return last || pooling == Pooling.MEAN ? result : StepResult.nothing();
  }

  private void add(float[] states) {
    for (int i = 0; i < states.length; i++) {
      sum[i % sum.length] += states[i];
    }
  }

  @Override
  public FinishReason take(int row) {
    for (double value : sum) {
      if (!Double.isFinite(value)) {
        throw new NumericalException(promptLength);
      }
    }
    return FinishReason.STOP;
  }

  /** The vector. */
  float[] vector() {
    int count = pooling == Pooling.MEAN ? promptLength : 1;
    float[] vector = new float[sum.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (sum[i] / count);
    }
    return vector;
  }

  @Override
  public List<Integer> ids() {
    return List.of();
  }

  @Override
  public Guesses guesses() {
    return Guesses.NONE;
  }

  @Override
  public int mostGuesses() {
    return 0;
  }

  @Override
  public long firstTokenNanos() {
    return 0;
  }

  @Override
  public void restart() {
    Arrays.fill(sum, 0);
  }
}

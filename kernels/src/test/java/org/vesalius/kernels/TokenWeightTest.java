package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The weights of tokens against the exponential. */
class TokenWeightTest {
  @Test
  void isTheExponential() {
    Samples samples = new Samples(41);
    for (float temperature : new float[] {1, 0.7f, 0.01f, 30}) {
      float factor = TokenWeight.factor(temperature);
      for (int i = 0; i < 200_000; i++) {
        float logit = samples.normal(1, 15 * temperature)[0];
        float top = Math.abs(samples.normal(1, 5)[0]) + Math.max(0, logit);
        double exact = TokenWeight.LARGEST * Math.exp(((double) logit - top) / temperature);
        // Three roundings of the exponent, that of the polynomial, and what is cut off.
        double exponent = Math.abs((double) logit - top) / temperature;
        double allowed = exact * (3 * 0x1p-24 * exponent + 0x1p-23) + 1;
        assertEquals(
            exact, (double) TokenWeight.of(logit, top, factor), allowed, logit + " below " + top);
      }
    }
  }

  @Test
  void growsWithTheLogit() {
    float factor = TokenWeight.factor(1);
    long before = 0;
    for (int bits = Float.floatToRawIntBits(30f); bits >= 0; bits -= 37) {
      long weight = TokenWeight.of(-Float.intBitsToFloat(bits), 0, factor);
      assertTrue(weight >= before, "at " + -Float.intBitsToFloat(bits));
      before = weight;
    }
    assertEquals(TokenWeight.LARGEST, before);
  }

  @Test
  void ends() {
    float largest = Float.MAX_VALUE;
    for (float temperature : new float[] {Float.MIN_VALUE, 1e-30f, 1, largest}) {
      float factor = TokenWeight.factor(temperature);
      for (float top : new float[] {-largest, -1, 0, 1, largest}) {
        assertEquals(TokenWeight.LARGEST, TokenWeight.of(top, top, factor));
      }
      assertEquals(0, TokenWeight.of(-largest, largest, factor));
    }
    assertEquals(0, TokenWeight.of(-27.8f, 0, TokenWeight.factor(1)));
    assertEquals(1, TokenWeight.of(-27.7f, 0, TokenWeight.factor(1)));
  }
}

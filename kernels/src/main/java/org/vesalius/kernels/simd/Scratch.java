package org.vesalius.kernels.simd;

/** An array that one thread computes in; it only grows, and only when a larger shape comes. */
final class Scratch {
  private float[] numbers = new float[0];

  /** The array with room for at least {@code count} numbers; the content is arbitrary. */
  float[] floats(int count) {
    if (numbers.length < count) {
      numbers = new float[count];
    }
    return numbers;
  }

  /** One for each of {@code threads}. */
  static Scratch[] perThread(int threads) {
    Scratch[] all = new Scratch[threads];
    for (int i = 0; i < threads; i++) {
      all[i] = new Scratch();
    }
    return all;
  }
}

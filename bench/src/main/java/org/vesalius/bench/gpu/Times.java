package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;

/**
 * How long the same work took, several times.
 *
 * @param seconds in ascending order
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Times(double[] seconds) {

  /** Runs something {@code warm} times unseen, and then {@code count} times. */
  static Times of(int warm, int count, Runnable work) {
    for (int i = 0; i < warm; i++) {
      work.run();
    }
    double[] seconds = new double[count];
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      work.run();
      seconds[i] = (System.nanoTime() - start) / 1e9;
    }
    return sorted(seconds);
  }

  static Times sorted(double... seconds) {
    double[] sorted = seconds.clone();
    Arrays.sort(sorted);
    return new Times(sorted);
  }

  double median() {
    int middle = seconds.length / 2;
    return seconds.length % 2 == 1 ? seconds[middle] : (seconds[middle - 1] + seconds[middle]) / 2;
  }

  /** Median, mean, extremes and how often. */
  void write(ObjectNode json) {
    json.put("seconds", median());
    json.put("seconds_mean", Arrays.stream(seconds).average().orElseThrow());
    json.put("seconds_least", seconds[0]);
    json.put("seconds_most", seconds[seconds.length - 1]);
    json.put("times", seconds.length);
  }
}

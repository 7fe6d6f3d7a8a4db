package org.vesalius.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Optional;
import org.vesalius.kernels.Roofline;

/**
 * What something took, beside the least that it could take on this machine at this time.
 *
 * @param seconds of one call
 * @param bytes that it reads and writes at least
 * @param operations multiplications and additions
 * @param roofline measured in the same run; empty where it was left out
 */
record Figure(
    Alternation.Seconds seconds, double bytes, double operations, Optional<Roofline> roofline) {

  double operationsPerSecond() {
    return operations / seconds.median();
  }

  double bytesPerSecond() {
    return bytes / seconds.median();
  }

  /** Least time by taken time. */
  Optional<Double> share() {
    return roofline.map(limit -> limit.seconds(bytes, operations) / seconds.median());
  }

  /** {@code 4.79 ms, 94.1 GFLOP/s, 9.4 GB/s, 63 % of the roofline}. */
  String text() {
    return String.format(
            Locale.ROOT,
            "%s, %.1f GFLOP/s, %.2f GB/s",
            time(seconds.median()),
            operationsPerSecond() / 1e9,
            bytesPerSecond() / 1e9)
        + share()
            .map(value -> String.format(Locale.ROOT, ", %.0f %% of the roofline", 100 * value))
            .orElse("");
  }

  static String time(double seconds) {
    return seconds < 1e-3
        ? String.format(Locale.ROOT, "%.1f us", 1e6 * seconds)
        : String.format(Locale.ROOT, "%.3f ms", 1e3 * seconds);
  }

  /** The limits themselves, for people. */
  static String text(Roofline limits) {
    return String.format(
        Locale.ROOT,
        "%.1f GB/s read, %.0f GFLOP/s",
        limits.readBandwidth() / 1e9,
        limits.matrixRate() / 1e9);
  }

  void write(ObjectNode json) {
    write(json, seconds);
    json.put("bytes", bytes);
    json.put("operations", operations);
    json.put("gflop_per_s", operationsPerSecond() / 1e9);
    json.put("gb_per_s", bytesPerSecond() / 1e9);
    roofline.ifPresent(limit -> {
      json.put("limit_gb_per_s", limit.readBandwidth() / 1e9);
      json.put("limit_gflop_per_s", limit.matrixRate() / 1e9);
    });
    share().ifPresent(value -> json.put("share_of_roofline", value));
  }

  static void write(ObjectNode json, Alternation.Seconds seconds) {
    json.put("seconds", seconds.median());
    json.put("seconds_least", seconds.least());
    json.put("seconds_most", seconds.most());
  }
}

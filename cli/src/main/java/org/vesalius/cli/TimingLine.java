package org.vesalius.cli;

import java.util.Locale;
import org.vesalius.runtime.Generation;

/** Where the time of an answer went, in one line. */
final class TimingLine {
  private TimingLine() {}

  static String of(Generation generation, long loadNanos) {
    Generation.Timings timings = generation.timings();
    Generation.Usage usage = generation.usage();
    StringBuilder line = new StringBuilder();
    line.append(usage.promptTokens()).append(" prompt tokens");
    if (usage.imageTokens() > 0) {
      line.append(" (").append(usage.imageTokens()).append(" of images)");
    }
    line.append(", ").append(usage.completionTokens()).append(" answer tokens; load ");
    line.append(seconds(loadNanos));
    if (usage.imageTokens() > 0) {
      line.append(", vision ").append(seconds(timings.visionNanos()));
    }
    line.append(", prefill ").append(seconds(timings.prefillNanos()));
    line.append(", first token ").append(seconds(timings.firstTokenNanos()));
    double speed = timings.decodeTokensPerSecond(usage.completionTokens());
    if (speed > 0) {
      line.append(", then ").append(Units.number(speed)).append(" tokens/s");
    }
    return line.append("; ").append(generation.backend()).toString();
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.2f s", nanos / 1e9);
  }
}

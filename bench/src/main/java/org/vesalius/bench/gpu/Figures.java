package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/**
 * What the parts of a run come to: each figure beside its bar and what the device allows. A limit
 * that several programs have measured counts with its largest value, and a peer that was run in
 * several ways with its shortest time.
 */
final class Figures {
  /** The shapes that the bars are for. */
  static final String JUDGED = "qwen2.5-vl-7b";

  private static final String NONE = "-";

  private final Map<String, JsonNode> parts;
  private final boolean compared;
  private final List<Figure> figures = new ArrayList<>();

  /**
   * A line of the table.
   *
   * @param bar what is wanted, or {@code -}
   * @param met {@code yes}, {@code no}, or {@code -} where nothing is compared
   * @param beside the limit, the peer and other things to know
   */
  record Figure(String name, String measured, String bar, String met, String beside) {}

  private Figures(Map<String, JsonNode> parts, boolean compared) {
    this.parts = parts;
    this.compared = compared;
  }

  /**
   * All figures that the parts have.
   *
   * @param compared whether bars may be compared
   */
  static List<Figure> of(Map<String, JsonNode> parts, boolean compared) {
    Figures all = new Figures(parts, compared);
    all.checks();
    all.limits();
    all.decode("decode, 1 sequence, BF16", "bench-decode", 0.75, 3);
    all.decode("decode, 1 sequence, int8", "bench-int8", 0, 0);
    all.decode("decode, 1 sequence, int4", "bench-int4", 0, 0);
    all.decode("decode, 1 sequence, FP8", "bench-fp8", 0, 0);
    all.batch();
    all.prefill("prefill", "bench-prefill", 0.55);
    all.prefill("prefill, FP8", "bench-prefill_fp8", 0);
    all.vision();
    all.load();
    return all.figures;
  }

  private JsonNode result(String part) {
    JsonNode found = parts.getOrDefault(part, MissingNode.getInstance());
    return found.path("result");
  }

  private static Optional<Double> number(JsonNode node) {
    return node.isNumber() && node.doubleValue() > 0
        ? Optional.of(node.doubleValue())
        : Optional.empty();
  }

  /** The larger of what we and torch have measured. */
  private Optional<Double> limit(String name, String unit) {
    Optional<Double> ours = number(result("device").path(name).path(unit));
    Optional<Double> theirs = number(result("peers-device").path(name).path(unit));
    return ours.isPresent() && theirs.isPresent()
        ? Optional.of(Math.max(ours.get(), theirs.get()))
        : ours.or(() -> theirs);
  }

  private Optional<Double> copy() {
    return limit("copy", "bytes_per_second");
  }

  private Optional<Double> matrix() {
    return limit("matrix", "operations_per_second");
  }

  /** The shortest of a peer's ways to do the same. */
  private Optional<Double> peer(String part) {
    Optional<Double> best = Optional.empty();
    for (JsonNode way : result(part).path("ways")) {
      Optional<Double> seconds = number(way.path("seconds"));
      if (seconds.isPresent() && (best.isEmpty() || seconds.get() < best.get())) {
        best = seconds;
      }
    }
    return best;
  }

  private static String millis(double seconds) {
    return String.format(Locale.ROOT, "%.3f ms", 1e3 * seconds);
  }

  private void add(String name, String measured, String beside) {
    figures.add(new Figure(name, measured, NONE, NONE, beside));
  }

  private void add(String name, String measured, String bar, boolean met, String beside) {
    figures.add(new Figure(name, measured, bar, !compared ? NONE : met ? "yes" : "no", beside));
  }

  private void checks() {
    // Of the fixtures' tests one class is all that compares answers.
    tests("contract of the kernels", result("contract"), result("contract").path("selected"));
    tests("answers of the fixtures", result("outputs"), MissingNode.getInstance());
    JsonNode sanitizer = result("sanitizer");
    for (JsonNode run : sanitizer.path("runs")) {
      JsonNode found = run.path("found");
      boolean clean = found.isNumber() && found.asLong() == 0 && !run.has("error");
      figures.add(
          new Figure(
              run.path("tool").asText() + " " + run.path("test").asText(),
              found.isNumber() ? found.asLong() + " found" : "no result",
              "none found",
              clean && run.path("exit").asLong() == 0 ? "yes" : "no",
              run.path("error").asText()));
    }
  }

  private void tests(String name, JsonNode result, JsonNode selected) {
    if (result.has("passed")) {
      long passed = result.path("passed").asLong();
      long failed = result.path("failed").asLong();
      long skipped = result.path("skipped").asLong();
      boolean complete = result.path("complete").asBoolean();
      boolean good = failed == 0 && passed > 0 && complete;
      // Right or wrong is so on every device; but a part that is right says nothing of the rest.
      String met = !good ? "no" : selected.asBoolean() ? NONE : "yes";
      String beside = !complete ? "not run to its end" : selected.asBoolean() ? "a selection" : "";
      String counts = passed + " passed, " + failed + " failed, " + skipped + " skipped";
      figures.add(new Figure(name, counts, "none failed", met, beside));
    }
  }

  private void limits() {
    limit("copy on the device", "copy", "bytes_per_second", "%.0f GB/s", 1e9, "read and written");
    limit("copy from pinned memory", "pinned", "bytes_per_second", "%.1f GB/s", 1e9, "");
    limit("product of matrices, BF16", "matrix", "operations_per_second", "%.0f TFLOP/s", 1e12, "");
  }

  private void limit(
      String name, String node, String key, String format, double unit, String beside) {
    Optional<Double> ours = number(result("device").path(node).path(key));
    Optional<Double> theirs = number(result("peers-device").path(node).path(key));
    if (ours.isPresent() || theirs.isPresent()) {
      add(
          name,
          ours.map(value -> String.format(Locale.ROOT, format, value / unit)).orElse(NONE)
              + theirs
                  .map(value -> ", torch " + String.format(Locale.ROOT, format, value / unit))
                  .orElse(""),
          beside);
    }
  }

  private void share(
      String name, JsonNode result, String amount, Optional<Double> limit, double bar, String of) {
    Optional<Double> seconds = number(result.path("seconds"));
    Optional<Double> least =
        limit.flatMap(rate -> number(result.path(amount)).map(value -> value / rate));
    if (seconds.isEmpty()) {
      return;
    }
    if (least.isEmpty()) {
      add(name, millis(seconds.get()), "the limit is not known");
      return;
    }
    double share = least.get() / seconds.get();
    String measured = String.format(Locale.ROOT, "%s, %.1f %%", millis(seconds.get()), 100 * share);
    String beside = "at least " + millis(least.get()) + " by " + of;
    if (bar > 0) {
      add(
          name,
          measured,
          String.format(Locale.ROOT, "%.0f %% of %s", 100 * bar, of),
          share >= bar,
          beside);
    } else {
      add(name, measured, beside);
    }
  }

  private void ratio(String name, JsonNode result, String part, double bar, String ways) {
    Optional<Double> seconds = number(result.path("seconds"));
    Optional<Double> theirs = peer(part);
    if (seconds.isEmpty() || theirs.isEmpty()) {
      return;
    }
    double ratio = theirs.get() / seconds.get();
    String beside = ways + " " + millis(theirs.get());
    if (bar > 0) {
      add(
          name,
          String.format(Locale.ROOT, "%.2f times", ratio),
          String.format(Locale.ROOT, "%.1f times", bar),
          ratio >= bar,
          beside);
    } else {
      add(name, String.format(Locale.ROOT, "%.2f times", ratio), beside);
    }
  }

  private void decode(String name, String part, double bar, double times) {
    share(name, result(part), "weight_bytes", copy(), bar, "copy");
    ratio(
        name + " beside transformers", result(part), "peers-decode", times, "BF16, the faster way");
  }

  private void batch() {
    JsonNode result = result("bench-batch");
    String name =
        String.format(Locale.ROOT, "decode, %d sequences, BF16", result.path("sequences").asInt());
    share(name, result, "bytes", copy(), 0.60, "copy");
    ratio(name + " beside transformers", result, "peers-batch", 0, "BF16, the faster way");
  }

  private void prefill(String what, String part, double wanted) {
    JsonNode result = result(part);
    Optional<Double> best = Optional.empty();
    JsonNode fastest = MissingNode.getInstance();
    for (JsonNode chunk : result.path("chunks")) {
      double seconds = chunk.path("seconds").asDouble();
      if (best.isEmpty() || seconds < best.get()) {
        best = Optional.of(seconds);
        fastest = chunk;
      }
    }
    for (JsonNode chunk : result.path("chunks")) {
      String name =
          String.format(
              Locale.ROOT,
              "%s, %d tokens in chunks of %d",
              what,
              result.path("tokens").asInt(),
              chunk.path("chunk").asInt());
      // What a user may set; the bar is for the best.
      double bar = chunk.equals(fastest) ? wanted : 0;
      var of = PartFile.JSON.createObjectNode();
      of.put("seconds", chunk.path("seconds").asDouble());
      of.put("operations", result.path("operations").asDouble());
      share(name, of, "operations", matrix(), bar, "matrix rate");
    }
    if (wanted > 0) { // transformers computes in BF16
      ratio(what + " beside transformers, SDPA", fastest, "peers-prefill", 0, "SDPA");
    }
  }

  private void vision() {
    JsonNode result = result("bench-vision");
    Optional<Double> seconds = number(result.path("seconds"));
    if (seconds.isPresent()) {
      int side = result.path("side").asInt();
      DoubleUnaryOperator rate = limit -> result.path("operations").asDouble() / limit;
      add(
          String.format(Locale.ROOT, "vision, %dx%d", side, side),
          millis(seconds.get()),
          "under 25 ms",
          seconds.get() < 0.025,
          matrix()
              .map(limit -> "at least " + millis(rate.applyAsDouble(limit)) + " by matrix rate")
              .orElse(""));
      ratio("vision beside transformers, SDPA", result, "peers-vision", 1.5, "SDPA");
    }
  }

  private void load() {
    JsonNode result = result("bench-load");
    Optional<Double> pinned = limit("pinned", "bytes_per_second");
    share("load from the page cache", result, "bytes", pinned, 0.60, "pinned copy");
    JsonNode alone = result.path("weights_alone");
    if (alone.isObject()) {
      var of = PartFile.JSON.createObjectNode();
      of.put("seconds", alone.path("seconds").asDouble());
      of.put("bytes", result.path("bytes").asDouble());
      share("load, weights alone", of, "bytes", pinned, 0, "pinned copy");
      add("load, first of a process", millis(result.path("first_seconds").asDouble()), "");
    }
  }
}

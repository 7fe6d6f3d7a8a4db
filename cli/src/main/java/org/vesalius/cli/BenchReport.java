package org.vesalius.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.Roofline;
import org.vesalius.runtime.ChatModel;

/**
 * What a model reached beside what the machine can.
 *
 * @param backend what computed
 * @param cacheFormat how keys and values were stored
 * @param family of the model
 * @param vision empty for a text model
 * @param text prefill and decode
 * @param machine what the backend's instructions reach on random data
 * @param threads that computed
 */
record BenchReport(
    String family,
    String backend,
    CacheFormat cacheFormat,
    Optional<ModelRuns.Vision> vision,
    ModelRuns.Text text,
    Roofline machine,
    int threads) {

  private static final double MEDIAN = 0.5;
  private static final double TAIL = 0.99;

  BenchReport(
      ChatModel model,
      Optional<ModelRuns.Vision> vision,
      ModelRuns.Text text,
      Roofline machine,
      int threads) {
    this(model.family(), model.backend(), model.cacheFormat(), vision, text, machine, threads);
  }

  private double visionRate(ModelRuns.Vision run) {
    return run.operations() / run.seconds();
  }

  private double prefillRate() {
    return text.prefillOperations() / text.prefillSeconds();
  }

  private double decodeRate() {
    return text.bytesPerToken() / text.secondsPerToken();
  }

  private double matrixShare(double rate) {
    return rate / machine.matrixRate();
  }

  private double bandwidthShare() {
    return decodeRate() / machine.readBandwidth();
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%-8s %s on %s, cache in %s"
            .formatted("model", family, backend, ModelArguments.name(cacheFormat)));
    vision.ifPresent(run ->
        lines.add(
            "%-8s %s s for %dx%d (%d tokens): %s, %s of the machine's matrix rate"
                .formatted(
                    "vision",
                    seconds(run.seconds()),
                    run.width(),
                    run.height(),
                    run.imageTokens(),
                    operations(visionRate(run)),
                    Units.percent(matrixShare(visionRate(run))))));
    lines.add(
        "%-8s %s tokens/s for %d tokens: %s, %s of the machine's matrix rate"
            .formatted(
                "prefill",
                Units.number(text.promptTokens() / text.prefillSeconds()),
                text.promptTokens(),
                operations(prefillRate()),
                Units.percent(matrixShare(prefillRate()))));
    lines.add(
        "%-8s %s tokens/s, per token p50 %s ms and p99 %s ms: %s/s, %s of the machine's read bandwidth"
            .formatted(
                "decode",
                Units.number(1 / text.secondsPerToken()),
                Units.number(1e3 * text.percentile(MEDIAN)),
                Units.number(1e3 * text.percentile(TAIL)),
                Units.bytes(decodeRate()),
                Units.percent(bandwidthShare())));
    lines.add(
        "%-8s reads %s/s, computes %s with %d threads, on random data in this run"
            .formatted(
                "machine",
                Units.bytes(machine.readBandwidth()),
                operations(machine.matrixRate()),
                threads));
    return lines;
  }

  private static String seconds(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private static String operations(double perSecond) {
    return Units.number(perSecond / 1e9) + " GFLOP/s";
  }

  ObjectNode json() {
    ObjectNode json = JsonOutput.object();
    json.put("family", family);
    json.put("backend", backend);
    json.put("threads", threads);
    json.put("kv_cache", ModelArguments.name(cacheFormat));
    if (vision.isPresent()) {
      vision(json.putObject("vision"), vision.get());
    } else {
      json.putNull("vision");
    }
    ObjectNode prefill = json.putObject("prefill");
    prefill.put("tokens", text.promptTokens());
    prefill.put("seconds", text.prefillSeconds());
    prefill.put("tokens_per_s", text.promptTokens() / text.prefillSeconds());
    prefill.put("operations_per_s", prefillRate());
    prefill.put("share_of_matrix_rate", matrixShare(prefillRate()));
    prefill.put("runs", text.runs());
    ObjectNode decode = json.putObject("decode");
    decode.put("tokens", text.decodeTokens());
    decode.put("tokens_per_s", 1 / text.secondsPerToken());
    decode.put("p50_ms", 1e3 * text.percentile(MEDIAN));
    decode.put("p99_ms", 1e3 * text.percentile(TAIL));
    decode.put("bytes_per_token", text.bytesPerToken());
    decode.put("bytes_per_s", decodeRate());
    decode.put("share_of_read_bandwidth", bandwidthShare());
    decode.put("runs", text.runs());
    ObjectNode limits = json.putObject("machine");
    limits.put("read_bytes_per_s", machine.readBandwidth());
    limits.put("matrix_operations_per_s", machine.matrixRate());
    return json;
  }

  private void vision(ObjectNode json, ModelRuns.Vision run) {
    json.put("width", run.width());
    json.put("height", run.height());
    json.put("image_tokens", run.imageTokens());
    json.put("seconds", run.seconds());
    json.put("operations_per_s", visionRate(run));
    json.put("share_of_matrix_rate", matrixShare(visionRate(run)));
    json.put("runs", run.runs());
  }
}

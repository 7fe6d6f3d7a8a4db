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
 * @param load from opening to a first token
 * @param vision empty for a text model
 * @param text prefill and decode
 * @param later decode after many tokens; empty if it was not asked for
 * @param machine what the backend's instructions reach on random data
 * @param threads that computed
 */
record BenchReport(
    String family,
    String backend,
    CacheFormat cacheFormat,
    ModelRuns.Load load,
    Optional<ModelRuns.Vision> vision,
    ModelRuns.Text text,
    Optional<ModelRuns.Text> later,
    Roofline machine,
    int threads) {

  private static final double MEDIAN = 0.5;
  private static final double TAIL = 0.99;

  BenchReport(
      ChatModel model,
      ModelRuns.Load load,
      Optional<ModelRuns.Vision> vision,
      ModelRuns.Text text,
      Optional<ModelRuns.Text> later,
      Roofline machine,
      int threads) {
    this(
        model.family(),
        model.backend(),
        model.cacheFormat(),
        load,
        vision,
        text,
        later,
        machine,
        threads);
  }

  private double visionRate(ModelRuns.Vision run) {
    return run.operations() / run.seconds();
  }

  private double prefillRate() {
    return text.prefillOperations() / text.prefillSeconds();
  }

  private static double decodeRate(ModelRuns.Text run) {
    return run.bytesPerToken() / run.secondsPerToken();
  }

  private double matrixShare(double rate) {
    return rate / machine.matrixRate();
  }

  private double bandwidthShare(ModelRuns.Text run) {
    return decodeRate(run) / machine.readBandwidth();
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%-8s %s on %s, cache in %s"
            .formatted("model", family, backend, ModelArguments.name(cacheFormat)));
    lines.add(
        "%-8s %s s to the first token of %d: %s s to open, %s s to read and answer, nothing compiled before"
            .formatted(
                "load",
                seconds(load.seconds()),
                load.promptTokens(),
                seconds(load.openSeconds()),
                seconds(load.firstTokenSeconds())));
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
    lines.add("%-8s %s".formatted("decode", decodeLine(text)));
    later.ifPresent(run ->
        lines.add(
            "%-8s %s, after %d tokens".formatted("context", decodeLine(run), run.promptTokens())));
    lines.add(
        "%-8s reads %s/s, computes %s with %d threads, on random data in this run"
            .formatted(
                "machine",
                Units.bytes(machine.readBandwidth()),
                operations(machine.matrixRate()),
                threads));
    return lines;
  }

  private String decodeLine(ModelRuns.Text run) {
    return "%s tokens/s, per token p50 %s ms and p99 %s ms: %s/s, %s of the machine's read bandwidth"
        .formatted(
            Units.number(1 / run.secondsPerToken()),
            Units.number(1e3 * run.percentile(MEDIAN)),
            Units.number(1e3 * run.percentile(TAIL)),
            Units.bytes(decodeRate(run)),
            Units.percent(bandwidthShare(run)));
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
    ObjectNode loading = json.putObject("load");
    loading.put("open_s", load.openSeconds());
    loading.put("first_token_s", load.firstTokenSeconds());
    loading.put("prompt_tokens", load.promptTokens());
    loading.put("seconds", load.seconds());
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
    decode(json.putObject("decode"), text);
    if (later.isPresent()) {
      ObjectNode context = json.putObject("context");
      context.put("context_tokens", later.get().promptTokens());
      context.put("prefill_seconds", later.get().prefillSeconds());
      decode(context, later.get());
    } else {
      json.putNull("context");
    }
    ObjectNode limits = json.putObject("machine");
    limits.put("read_bytes_per_s", machine.readBandwidth());
    limits.put("matrix_operations_per_s", machine.matrixRate());
    return json;
  }

  private void decode(ObjectNode json, ModelRuns.Text run) {
    json.put("tokens", run.decodeTokens());
    json.put("tokens_per_s", 1 / run.secondsPerToken());
    json.put("p50_ms", 1e3 * run.percentile(MEDIAN));
    json.put("p99_ms", 1e3 * run.percentile(TAIL));
    json.put("bytes_per_token", run.bytesPerToken());
    json.put("bytes_per_s", decodeRate(run));
    json.put("share_of_read_bandwidth", bandwidthShare(run));
    json.put("runs", run.runs());
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

package org.vesalius.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.loader.GenerationConfig;
import org.vesalius.runtime.ModelInspection;
import org.vesalius.runtime.layers.DecoderConfig;

/** An inspection for people and for programs. */
final class InspectionReport {
  private static final int THOUSAND_TOKENS = 1000;

  private InspectionReport() {}

  static List<String> text(ModelInspection model) {
    List<String> lines = new ArrayList<>();
    line(
        lines,
        "family",
        model
            .family()
            .map(f -> f + " (" + model.modelType() + ")")
            .orElse("unknown: " + model.modelType()));
    if (!model.architectures().isEmpty()) {
      line(lines, "architecture", String.join(", ", model.architectures()));
    }
    line(lines, "parameters", parameters(model));
    for (ModelInspection.Stored type : model.stored()) {
      line(
          lines,
          "stored as",
          type.dtype() + ": " + Units.bytes(type.bytes()) + " in " + type.tensors() + " tensors");
    }
    model
        .quantization()
        .ifPresent(q ->
            line(
                lines,
                "quantized",
                "decoder " + q.formatName() + ", groups of " + q.groupSize() + " columns"));
    line(lines, "weights", Units.bytes(model.weightBytes()) + " of memory, mapped from the files");
    model.sizes().ifPresent(sizes -> sizes(lines, model, sizes));
    line(lines, "chat template", model.template().orElse("none that can be used"));
    line(
        lines,
        "images",
        model.images().map(InspectionReport::images).orElse("none: the model reads text only"));
    line(lines, "recommended", sampling(model.recommended()));
    model.limits().forEach(limit -> line(lines, "not supported", limit));
    model.problems().forEach(problem -> line(lines, "problem", Failures.oneLine(problem)));
    line(lines, "can be run", model.runnable() ? "yes" : "no");
    return lines;
  }

  private static void line(List<String> lines, String name, String value) {
    lines.add("%-14s %s".formatted(name, value));
  }

  private static String parameters(ModelInspection model) {
    long all = model.textParameters() + model.visionParameters();
    return Units.count(all)
        + (model.visionParameters() == 0
            ? ""
            : ": text "
                + Units.count(model.textParameters())
                + ", vision "
                + Units.count(model.visionParameters()));
  }

  private static void sizes(List<String> lines, ModelInspection model, DecoderConfig sizes) {
    line(
        lines,
        "context memory",
        "per 1,000 tokens "
            + Arrays.stream(CacheFormat.values())
                .map(format -> cacheBytes(model, format) + " in " + ModelArguments.name(format))
                .collect(Collectors.joining(", ")));
    line(lines, "context", sizes.maxPositions() + " tokens");
    line(
        lines,
        "vocabulary",
        sizes.vocabulary() + (sizes.tied() ? ", head tied to the embedding" : ""));
    line(
        lines,
        "decoder",
        "%d layers, width %d, %d query and %d key/value heads of %d"
                .formatted(
                    sizes.layers(), sizes.width(), sizes.heads(), sizes.kvHeads(), sizes.headSize())
            + sizes
                .experts()
                .map(e ->
                    "; in %d of them %d experts, %d for each token"
                        .formatted(e.layers().size(), e.count(), e.perToken()))
                .orElse(""));
  }

  private static String cacheBytes(ModelInspection model, CacheFormat format) {
    return Units.bytes(THOUSAND_TOKENS * model.cacheBytesPerToken(format));
  }

  private static String images(ModelInspection.ImageRule rule) {
    return "%s; 512x512 gives %d tokens, 1024x1024 %d"
        .formatted(rule.preparation(), rule.tokensOf512(), rule.tokensOf1024());
  }

  private static String sampling(GenerationConfig makers) {
    if (!makers.doSample()) {
      return "greedy";
    }
    List<String> values = new ArrayList<>();
    makers.temperature().ifPresent(v -> values.add("temperature " + v));
    makers.topK().ifPresent(v -> values.add("top-k " + v));
    makers.topP().ifPresent(v -> values.add("top-p " + v));
    makers.minP().ifPresent(v -> values.add("min-p " + v));
    makers.repetitionPenalty().ifPresent(v -> values.add("repetition penalty " + v));
    makers.presencePenalty().ifPresent(v -> values.add("presence penalty " + v));
    String known = values.isEmpty() ? "sampling" : String.join(", ", values);
    return known + " (with --recommended-sampling; the default here is greedy)";
  }

  static ObjectNode json(ModelInspection model) {
    ObjectNode json = JsonOutput.object();
    json.put("directory", model.directory().toString());
    json.put("model_type", model.modelType());
    json.put("family", model.family().orElse(null));
    strings(json.putArray("architectures"), model.architectures());
    ObjectNode parameters = json.putObject("parameters");
    parameters.put("text", model.textParameters());
    parameters.put("vision", model.visionParameters());
    parameters.put("total", model.textParameters() + model.visionParameters());
    ObjectNode dtypes = json.putObject("dtypes");
    for (ModelInspection.Stored type : model.stored()) {
      ObjectNode entry = dtypes.putObject(type.dtype().name());
      entry.put("tensors", type.tensors());
      entry.put("elements", type.elements());
      entry.put("bytes", type.bytes());
    }
    json.put("weight_bytes", model.weightBytes());
    json.put("quantization", model.quantization().map(q -> q.formatName()).orElse(null));
    if (model.sizes().isPresent()) {
      DecoderConfig sizes = model.sizes().get();
      ObjectNode cache = json.putObject("cache_bytes_per_1000_tokens");
      for (CacheFormat format : CacheFormat.values()) {
        long bytes = THOUSAND_TOKENS * model.cacheBytesPerToken(format);
        cache.put(ModelArguments.name(format), bytes);
      }
      json.put("context_tokens", sizes.maxPositions());
      json.put("vocabulary", sizes.vocabulary());
      ObjectNode decoder = json.putObject("decoder");
      decoder.put("layers", sizes.layers());
      decoder.put("width", sizes.width());
      decoder.put("heads", sizes.heads());
      decoder.put("kv_heads", sizes.kvHeads());
      decoder.put("head_size", sizes.headSize());
      decoder.put("tied", sizes.tied());
      sizes
          .experts()
          .ifPresent(experts -> {
            decoder.put("experts", experts.count());
            decoder.put("experts_per_token", experts.perToken());
          });
    }
    json.put("chat_template", model.template().orElse(null));
    if (model.images().isPresent()) {
      images(json.putObject("images"), model.images().get());
    } else {
      json.putNull("images");
    }
    recommended(json.putObject("recommended_sampling"), model.recommended());
    strings(json.putArray("not_supported"), model.limits());
    strings(json.putArray("problems"), model.problems());
    json.put("can_be_run", model.runnable());
    return json;
  }

  private static void images(ObjectNode json, ModelInspection.ImageRule rule) {
    json.put("preparation", rule.preparation());
    json.put("tokens_512x512", rule.tokensOf512());
    json.put("tokens_1024x1024", rule.tokensOf1024());
  }

  private static void recommended(ObjectNode json, GenerationConfig makers) {
    json.put("do_sample", makers.doSample());
    makers.temperature().ifPresent(v -> json.put("temperature", v));
    makers.topK().ifPresent(v -> json.put("top_k", v));
    makers.topP().ifPresent(v -> json.put("top_p", v));
    makers.minP().ifPresent(v -> json.put("min_p", v));
    makers.repetitionPenalty().ifPresent(v -> json.put("repetition_penalty", v));
    makers.presencePenalty().ifPresent(v -> json.put("presence_penalty", v));
  }

  private static void strings(ArrayNode array, List<String> values) {
    values.forEach(array::add);
  }
}

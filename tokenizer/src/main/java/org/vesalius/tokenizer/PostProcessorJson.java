package org.vesalius.tokenizer;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the post-processor of a tokenizer.json. */
final class PostProcessorJson {
  private PostProcessorJson() {}

  static PostProcessor read(@Nullable JsonValue json) {
    if (json == null) {
      return PostProcessor.Chain.NONE;
    }
    return switch (json.required("type").text()) {
      case "ByteLevel" -> {
        json.onlyFields("type", "add_prefix_space", "trim_offsets", "use_regex");
        yield PostProcessor.Chain.NONE;
      }
      case "TemplateProcessing" -> template(json);
      case "BertProcessing" -> {
        json.onlyFields("type", "sep", "cls");
        yield around(json);
      }
      case "RobertaProcessing" -> {
        json.onlyFields("type", "sep", "cls", "trim_offsets", "add_prefix_space");
        yield around(json);
      }
      case "Sequence" -> {
        json.onlyFields("type", "processors");
        List<PostProcessor> steps = new ArrayList<>();
        for (JsonValue step : json.required("processors").elements()) {
          steps.add(read(step));
        }
        yield new PostProcessor.Chain(steps);
      }
      default ->
          throw json.required("type")
              .unsupported(
                  "ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing, Sequence");
    };
  }

  private static PostProcessor around(JsonValue json) {
    return new PostProcessor.Template(
        List.of(tokenId(json.required("cls"))), List.of(tokenId(json.required("sep"))));
  }

  /** The id of {@code [token, id]}. */
  private static int tokenId(JsonValue json) {
    List<JsonValue> pair = json.elements();
    if (pair.size() != 2) {
      throw json.unsupported("[token, id]");
    }
    return pair.getLast().id();
  }

  /** Only {@code single} matters: pairs of texts are not encoded here. */
  private static PostProcessor template(JsonValue json) {
    json.onlyFields("type", "single", "pair", "special_tokens");
    List<Integer> before = new ArrayList<>();
    List<Integer> after = new ArrayList<>();
    boolean seen = false;
    for (JsonValue piece : json.required("single").elements()) {
      piece.onlyFields("SpecialToken", "Sequence");
      JsonValue special = piece.optional("SpecialToken");
      if (special == null) {
        JsonValue sequence = piece.required("Sequence").required("id");
        if (seen || !sequence.text().equals("A")) {
          throw sequence.unsupported("\"A\" once");
        }
        seen = true;
      } else {
        String name = special.required("id").text();
        for (JsonValue id :
            json.required("special_tokens").required(name).required("ids").elements()) {
          (seen ? after : before).add(id.id());
        }
      }
    }
    if (!seen) {
      throw json.required("single").unsupported("a template with the sequence A");
    }
    return new PostProcessor.Template(before, after);
  }
}

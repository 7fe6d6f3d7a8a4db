package org.vesalius.tokenizer;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the decoder of a tokenizer.json. */
final class DecoderJson {
  private DecoderJson() {}

  static Decoder read(@Nullable JsonValue json) {
    if (json == null) {
      return new Decoder.Spaced();
    }
    JsonValue type = json.required("type");
    return switch (type.text()) {
      case "ByteLevel" -> {
        json.onlyFields("type", "add_prefix_space", "trim_offsets", "use_regex");
        yield new ByteLevelDecoder();
      }
      case "ByteFallback" -> {
        json.onlyFields("type");
        yield new ByteFallbackDecoder();
      }
      case "Fuse" -> {
        json.onlyFields("type");
        yield new Decoder.Fuse();
      }
      case "Replace" -> new ReplaceDecoder(NormalizerJson.replace(json));
      case "Strip" -> {
        json.onlyFields("type", "content", "start", "stop");
        yield new StripDecoder(
            json.required("content").character().codePointAt(0),
            json.required("start").id(),
            json.required("stop").id());
      }
      case "Metaspace" -> {
        json.onlyFields(
            "type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep");
        yield new MetaspaceDecoder(
            json.required("replacement").character(),
            PreTokenizerJson.scheme(json) != MetaspacePreTokenizer.Scheme.NEVER);
      }
      case "WordPiece" -> {
        json.onlyFields("type", "prefix", "cleanup");
        yield new WordPieceDecoder(json.required("prefix").text(), json.required("cleanup").flag());
      }
      case "BPEDecoder" -> {
        json.onlyFields("type", "suffix");
        yield new BpeDecoder(notEmpty(json.required("suffix")));
      }
      case "CTC" -> {
        json.onlyFields("type", "pad_token", "word_delimiter_token", "cleanup");
        yield new CtcDecoder(
            json.required("pad_token").text(),
            notEmpty(json.required("word_delimiter_token")),
            json.required("cleanup").flag());
      }
      case "Sequence" -> {
        json.onlyFields("type", "decoders");
        List<Decoder> steps = new ArrayList<>();
        for (JsonValue step : json.required("decoders").elements()) {
          steps.add(read(step));
        }
        yield new Decoder.Chain(steps);
      }
      default ->
          throw type.unsupported(
              "ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace, WordPiece, BPEDecoder,"
                  + " CTC, Sequence");
    };
  }

  private static String notEmpty(JsonValue json) {
    if (json.text().isEmpty()) {
      throw json.unsupported("a string that is not empty");
    }
    return json.text();
  }
}

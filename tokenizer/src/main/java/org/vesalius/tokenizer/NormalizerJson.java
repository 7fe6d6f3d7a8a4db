package org.vesalius.tokenizer;

import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the normalizer of a tokenizer.json. */
final class NormalizerJson {
  private NormalizerJson() {}

  static TextNormalizer read(@Nullable JsonValue json) {
    if (json == null) {
      return TextNormalizer.Chain.NONE;
    }
    JsonValue type = json.required("type");
    return switch (type.text()) {
      case "NFC" -> plain(json, new NfcNormalizer());
      case "NFD" -> plain(json, new UnicodeFormNormalizer(Form.NFD));
      case "NFKC" -> plain(json, new UnicodeFormNormalizer(Form.NFKC));
      case "NFKD" -> plain(json, new UnicodeFormNormalizer(Form.NFKD));
      case "Lowercase" -> plain(json, new LowercaseNormalizer());
      case "StripAccents" -> plain(json, new CharacterFilter(CharacterFilter.Rule.STRIP_ACCENTS));
      case "Nmt" -> plain(json, new CharacterFilter(CharacterFilter.Rule.NMT));
      case "ByteLevel" -> plain(json, new ByteLevelNormalizer());
      case "Strip" -> {
        json.onlyFields("type", "strip_left", "strip_right");
        yield new StripNormalizer(
            json.required("strip_left").flag(), json.required("strip_right").flag());
      }
      case "Replace" -> replace(json);
      case "Prepend" -> {
        json.onlyFields("type", "prepend");
        yield new PrependNormalizer(json.required("prepend").text());
      }
      case "BertNormalizer" -> bert(json);
      case "Precompiled" -> precompiled(json);
      case "Sequence" -> {
        json.onlyFields("type", "normalizers");
        List<TextNormalizer> steps = new ArrayList<>();
        for (JsonValue step : json.required("normalizers").elements()) {
          steps.add(read(step));
        }
        yield new TextNormalizer.Chain(steps);
      }
      default ->
          throw type.unsupported(
              "NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, Prepend,"
                  + " BertNormalizer, Precompiled, ByteLevel, Nmt, Sequence");
    };
  }

  private static TextNormalizer plain(JsonValue json, TextNormalizer normalizer) {
    json.onlyFields("type");
    return normalizer;
  }

  static ReplaceNormalizer replace(JsonValue json) {
    json.onlyFields("type", "pattern", "content");
    return new ReplaceNormalizer(
        PatternJson.read(json.required("pattern")), json.required("content").text());
  }

  /** Where nothing is said of accents they go with the capitals. */
  private static TextNormalizer bert(JsonValue json) {
    json.onlyFields("type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
    boolean lowercase = json.required("lowercase").flag();
    return new BertNormalizer(
        json.required("clean_text").flag(),
        json.required("handle_chinese_chars").flag(),
        json.flag("strip_accents", lowercase),
        lowercase);
  }

  private static TextNormalizer precompiled(JsonValue json) {
    json.onlyFields("type", "precompiled_charsmap");
    JsonValue rules = json.required("precompiled_charsmap");
    try {
      return new PrecompiledNormalizer(CharsMap.of(Base64.getDecoder().decode(rules.text())));
    } catch (IllegalArgumentException e) {
      throw new TokenizerFormatException(
          rules.origin(),
          rules.path(),
          String.valueOf(e.getMessage()),
          "the compiled rules of SentencePiece in Base64");
    }
  }
}

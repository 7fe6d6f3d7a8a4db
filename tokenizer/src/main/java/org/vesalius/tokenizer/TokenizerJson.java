package org.vesalius.tokenizer;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tokenizer.json into the parts of a {@link Tokenizer}: one case per part it knows,
 * everything else refused by name.
 *
 * <p>{@code truncation} and {@code padding} are not read: a text is never cut or filled up, that is
 * the caller's business. Offsets are not computed, so {@code trim_offsets} means nothing here.
 */
final class TokenizerJson {
  private final JsonValue root;

  private TokenizerJson(JsonValue root) {
    this.root = root;
  }

  static Tokenizer parse(byte[] json, String origin) {
    JsonMapper mapper =
        JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    try {
      JsonNode tree = mapper.readTree(json);
      return new TokenizerJson(new JsonValue(origin, "", tree)).tokenizer();
    } catch (JacksonException e) {
      throw new TokenizerFormatException(origin, "not JSON: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new TokenizerFormatException(origin, "not readable: " + e.getMessage(), e);
    }
  }

  private Tokenizer tokenizer() {
    JsonValue version = root.optional("version");
    if (version != null && !version.text().equals("1.0")) {
      throw version.unsupported("\"1.0\"");
    }
    TextNormalizer normalizer = normalizer(root.optional("normalizer"));
    PreTokenizer preTokenizer = preTokenizer(root.optional("pre_tokenizer"));
    ModelJson model =
        ModelJson.read(
            root.required("model"),
            root.optional("added_tokens"),
            endsInBytes(preTokenizer),
            normalizer::normalize);
    AddedTokenMatcher raw = matcher(model.addedTokens(), false, normalizer);
    AddedTokenMatcher normalized = matcher(model.addedTokens(), true, normalizer);
    return new Tokenizer(
        model.vocabulary(),
        new EncodePipeline(raw, normalizer, normalized, preTokenizer, model.model()),
        postProcessor(root.optional("post_processor")),
        decoder(root.optional("decoder")));
  }

  private AddedTokenMatcher matcher(
      List<AddedToken> tokens, boolean normalized, TextNormalizer normalizer) {
    try {
      return new AddedTokenMatcher(
          tokens.stream().filter(token -> token.normalized() == normalized).toList(),
          token -> normalized ? normalizer.normalize(token.content()) : token.content());
    } catch (IllegalArgumentException e) {
      throw new TokenizerFormatException(
          root.origin(), "added_tokens", String.valueOf(e.getMessage()), "a text for one token");
    }
  }

  private static TextNormalizer normalizer(@Nullable JsonValue json) {
    if (json == null) {
      return TextNormalizer.Chain.NONE;
    }
    return switch (json.required("type").text()) {
      case "NFC" -> {
        json.onlyFields("type");
        yield new NfcNormalizer();
      }
      case "Sequence" -> {
        json.onlyFields("type", "normalizers");
        List<TextNormalizer> steps = new ArrayList<>();
        for (JsonValue step : json.required("normalizers").elements()) {
          steps.add(normalizer(step));
        }
        yield new TextNormalizer.Chain(steps);
      }
      default -> throw json.required("type").unsupported("NFC, Sequence");
    };
  }

  private static PreTokenizer preTokenizer(@Nullable JsonValue json) {
    if (json == null) {
      return new PreTokenizer.Whole();
    }
    return switch (json.required("type").text()) {
      case "Split" -> {
        json.onlyFields("type", "pattern", "behavior", "invert");
        yield new SplitPreTokenizer(
            pattern(json.required("pattern")),
            behavior(json.required("behavior")),
            json.required("invert").flag());
      }
      case "ByteLevel" -> {
        json.onlyFields("type", "add_prefix_space", "trim_offsets", "use_regex");
        yield new ByteLevelPreTokenizer(
            json.required("add_prefix_space").flag(),
            json.flag("use_regex", true)
                ? new SplitPreTokenizer(
                    new RegexPattern(OnigurumaRegex.compile(ByteLevelPreTokenizer.GPT2_PATTERN)),
                    SplitPreTokenizer.Behavior.ISOLATED,
                    false)
                : null);
      }
      case "Digits" -> {
        json.onlyFields("type", "individual_digits");
        yield new DigitsPreTokenizer(json.required("individual_digits").flag());
      }
      case "Sequence" -> {
        json.onlyFields("type", "pretokenizers");
        List<PreTokenizer> steps = new ArrayList<>();
        for (JsonValue step : json.required("pretokenizers").elements()) {
          if (!steps.isEmpty() && endsInBytes(steps.getLast())) {
            throw step.unsupported("nothing after ByteLevel, which has turned text into bytes");
          }
          steps.add(preTokenizer(step));
        }
        yield new PreTokenizerSequence(steps);
      }
      default -> throw json.required("type").unsupported("Split, ByteLevel, Digits, Sequence");
    };
  }

  private static boolean endsInBytes(PreTokenizer preTokenizer) {
    return switch (preTokenizer) {
      case ByteLevelPreTokenizer _ -> true;
      case PreTokenizerSequence sequence ->
          !sequence.steps().isEmpty() && endsInBytes(sequence.steps().getLast());
      case SplitPreTokenizer _, DigitsPreTokenizer _, PreTokenizer.Whole _ -> false;
    };
  }

  private static SplitPattern pattern(JsonValue json) {
    json.onlyFields("Regex", "String");
    JsonValue literal = json.optional("String");
    if (literal != null) {
      if (literal.text().isEmpty()) {
        throw literal.unsupported("a string that is not empty");
      }
      return new SplitPattern.Literal(literal.text());
    }
    JsonValue regex = json.required("Regex");
    return switch (regex.text()) {
      case WordScanner.QWEN2_PATTERN -> new WordScanner(1);
      case WordScanner.LLAMA3_PATTERN -> new WordScanner(3);
      default -> {
        try {
          yield new RegexPattern(OnigurumaRegex.compile(regex.text()));
        } catch (IllegalArgumentException e) {
          throw new TokenizerFormatException(
              json.origin(),
              regex.path(),
              String.valueOf(e.getMessage()),
              "the Oniguruma syntax that OnigurumaRegex lists");
        }
      }
    };
  }

  private static SplitPreTokenizer.Behavior behavior(JsonValue json) {
    List<String> labels = new ArrayList<>();
    for (SplitPreTokenizer.Behavior behavior : SplitPreTokenizer.Behavior.values()) {
      if (behavior.label().equals(json.text())) {
        return behavior;
      }
      labels.add(behavior.label());
    }
    throw json.unsupported(String.join(", ", labels));
  }

  private static PostProcessor postProcessor(@Nullable JsonValue json) {
    if (json == null) {
      return PostProcessor.Chain.NONE;
    }
    return switch (json.required("type").text()) {
      case "ByteLevel" -> {
        json.onlyFields("type", "add_prefix_space", "trim_offsets", "use_regex");
        yield PostProcessor.Chain.NONE;
      }
      case "TemplateProcessing" -> template(json);
      case "Sequence" -> {
        json.onlyFields("type", "processors");
        List<PostProcessor> steps = new ArrayList<>();
        for (JsonValue step : json.required("processors").elements()) {
          steps.add(postProcessor(step));
        }
        yield new PostProcessor.Chain(steps);
      }
      default -> throw json.required("type").unsupported("ByteLevel, TemplateProcessing, Sequence");
    };
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

  private static Decoder decoder(@Nullable JsonValue json) {
    if (json == null) {
      return new Decoder.Spaced();
    }
    return switch (json.required("type").text()) {
      case "ByteLevel" -> {
        json.onlyFields("type", "add_prefix_space", "trim_offsets", "use_regex");
        yield new ByteLevelDecoder();
      }
      case "Fuse" -> {
        json.onlyFields("type");
        yield new Decoder.Fuse();
      }
      case "Sequence" -> {
        json.onlyFields("type", "decoders");
        List<Decoder> steps = new ArrayList<>();
        for (JsonValue step : json.required("decoders").elements()) {
          Decoder decoder = decoder(step);
          if (!steps.isEmpty() && !(decoder instanceof Decoder.Fuse)) {
            throw step.unsupported("Fuse after the first decoder of a Sequence");
          }
          steps.add(decoder);
        }
        yield new Decoder.Chain(steps);
      }
      default -> throw json.required("type").unsupported("ByteLevel, Fuse, Sequence");
    };
  }
}

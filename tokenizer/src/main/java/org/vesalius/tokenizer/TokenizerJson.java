package org.vesalius.tokenizer;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tokenizer.json into the parts of a {@link Tokenizer}. Each kind of part has a reader with
 * one case per part it knows: {@link NormalizerJson}, {@link PreTokenizerJson}, {@link ModelJson},
 * {@link PostProcessorJson} and {@link DecoderJson}. Everything else is refused by name.
 *
 * <p>{@code truncation} and {@code padding} are not read: a text is never cut or filled up, as in
 * transformers when a tokenizer is called without arguments. Offsets are not computed, so {@code
 * trim_offsets} means nothing here. Parts are those of the file, whatever class
 * tokenizer_config.json names: transformers 5 puts others in their place for some classes, this
 * library does not.
 */
final class TokenizerJson {
  private final JsonValue root;

  private TokenizerJson(JsonValue root) {
    this.root = root;
  }

  static Tokenizer parse(byte[] json, String origin) {
    ModelScan.Parts scanned = ModelScan.of(json);
    if (scanned != null) {
      try {
        return read(mapper().readTree(scanned.rest), origin, scanned);
      } catch (IOException | TokenizerFormatException e) {
        // What is wrong is said by the other way, which counts the lines of the whole file.
      }
    }
    return parseTree(json, origin);
  }

  /** Reads a file with all of it as a tree: what is always right, and slow with a large one. */
  static Tokenizer parseTree(byte[] json, String origin) {
    try {
      return read(mapper().readTree(json), origin);
    } catch (JacksonException e) {
      throw new TokenizerFormatException(origin, "not JSON: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new TokenizerFormatException(origin, "not readable: " + e.getMessage(), e);
    }
  }

  /** Names are not interned: the tree of a vocabulary has each of them once. */
  private static JsonMapper mapper() {
    JsonFactory factory =
        new JsonFactoryBuilder().disable(JsonFactory.Feature.INTERN_FIELD_NAMES).build();
    return JsonMapper.builder(factory)
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .build();
  }

  static Tokenizer read(JsonNode tree, String origin) {
    return read(tree, origin, null);
  }

  private static Tokenizer read(JsonNode tree, String origin, ModelScan.@Nullable Parts scanned) {
    return new TokenizerJson(new JsonValue(origin, "", tree)).tokenizer(scanned);
  }

  private Tokenizer tokenizer(ModelScan.@Nullable Parts scanned) {
    JsonValue version = root.optional("version");
    if (version != null && !version.text().equals("1.0")) {
      throw version.unsupported("\"1.0\"");
    }
    TextNormalizer normalizer = NormalizerJson.read(root.optional("normalizer"));
    PreTokenizer preTokenizer = PreTokenizerJson.read(root.optional("pre_tokenizer"));
    ModelJson model =
        ModelJson.read(
            root.required("model"),
            root.optional("added_tokens"),
            PreTokenizerJson.endsInBytes(preTokenizer),
            normalizer::normalize,
            scanned);
    AddedTokenMatcher raw = matcher(model.addedTokens(), false, normalizer);
    AddedTokenMatcher normalized = matcher(model.addedTokens(), true, normalizer);
    return new Tokenizer(
        model.vocabulary(),
        new EncodePipeline(raw, normalizer, normalized, preTokenizer, model.model()),
        PostProcessorJson.read(root.optional("post_processor")),
        DecoderJson.read(root.optional("decoder")));
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
}

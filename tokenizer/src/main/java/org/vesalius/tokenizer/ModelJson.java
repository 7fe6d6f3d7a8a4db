package org.vesalius.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The model and the added tokens of a tokenizer.json.
 *
 * @param vocabulary all tokens
 * @param addedTokens the added ones, in the order of the file
 * @param model the model
 */
record ModelJson(Vocabulary vocabulary, List<AddedToken> addedTokens, Model model) {

  /**
   * @param bytes whether the model's pieces stand for bytes ({@link ByteLevelPreTokenizer})
   * @param normalize what the normalizer makes of a text
   * @param scanned the parts that are not in the tree, or null where all are
   */
  static ModelJson read(
      JsonValue json,
      @Nullable JsonValue added,
      boolean bytes,
      UnaryOperator<String> normalize,
      ModelScan.@Nullable Parts scanned) {
    String type = type(json);
    TokenTable vocab =
        scanned != null && !type.equals("Unigram")
            ? scanned.vocabulary
            : type.equals("Unigram") ? UnigramJson.vocab(json) : vocab(json.required("vocab"));
    List<AddedToken> addedTokens = added == null ? List.of() : addedTokens(added, vocab);
    Vocabulary vocabulary = new Vocabulary(vocab, addedTokens, normalize);
    Model model =
        switch (type) {
          case "BPE" -> BpeJson.read(json, vocab, vocabulary, bytes, scanned);
          case "Unigram" -> spelled(UnigramJson.read(json, vocabulary, vocab), bytes);
          case "WordPiece" -> spelled(wordPiece(json, vocabulary, vocab), bytes);
          case "WordLevel" -> spelled(wordLevel(json, vocabulary), bytes);
          default -> throw json.required("type").unsupported("BPE, Unigram, WordPiece, WordLevel");
        };
    return new ModelJson(vocabulary, addedTokens, model);
  }

  /** Files older than the field tell their kind by what else they hold. */
  private static String type(JsonValue json) {
    JsonValue type = json.optional("type");
    if (type != null) {
      return type.text();
    }
    if (json.optional("merges") != null) {
      return "BPE";
    }
    JsonValue vocab = json.optional("vocab");
    if (vocab != null && vocab.node().isArray()) {
      return "Unigram";
    }
    if (json.optional("continuing_subword_prefix") != null) {
      return "WordPiece";
    }
    if (vocab != null && json.optional("unk_token") != null) {
      return "WordLevel";
    }
    throw json.unsupported("a model of type BPE, Unigram, WordPiece, WordLevel");
  }

  private static Model spelled(Model model, boolean bytes) {
    return bytes ? new ByteSpelledModel(model) : model;
  }

  private static Model wordPiece(JsonValue json, Vocabulary vocabulary, TokenTable vocab) {
    json.onlyFields(
        "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab");
    return new WordPieceModel(
        new TokenTrie(vocab),
        json.required("continuing_subword_prefix").text(),
        tokenOf(json.required("unk_token"), vocabulary),
        json.required("max_input_chars_per_word").id());
  }

  private static Model wordLevel(JsonValue json, Vocabulary vocabulary) {
    json.onlyFields("type", "unk_token", "vocab");
    return new WordLevelModel(vocabulary, tokenOf(json.required("unk_token"), vocabulary));
  }

  /** The id of a token that the vocabulary must have. */
  static int tokenOf(JsonValue token, Vocabulary vocabulary) {
    int id = vocabulary.modelId(token.text());
    if (id < 0) {
      throw token.unsupported("a token of model.vocab");
    }
    return id;
  }

  private static TokenTable vocab(JsonValue json) {
    if (!json.node().isObject()) {
      throw json.unsupported("an object of tokens and ids");
    }
    TokenTable vocab = new TokenTable();
    int limit = largestId(json.node().size());
    for (Map.Entry<String, JsonNode> field : json.node().properties()) {
      JsonNode id = field.getValue();
      if (!id.isInt() || id.intValue() < 0 || id.intValue() > limit) {
        throw entry(json, field).unsupported("a whole number near the vocabulary's size");
      }
      if (!vocab.add(field.getKey(), id.intValue())) {
        throw entry(json, field).unsupported("an id that no other token has");
      }
    }
    return vocab;
  }

  /**
   * The largest id that a vocabulary of so many tokens may have. Ids index arrays here and rows of
   * a matrix in the model: holes are few in a real vocabulary.
   */
  static int largestId(int tokens) {
    return Math.toIntExact(Math.min(2L * tokens + 65536, Integer.MAX_VALUE - 8));
  }

  private static JsonValue entry(JsonValue vocab, Map.Entry<String, JsonNode> field) {
    return new JsonValue(
        vocab.origin(), vocab.path() + "[\"" + field.getKey() + "\"]", field.getValue());
  }

  /**
   * The added tokens with the ids that the reference gives them: the model's where the model has
   * the token, else the next after the vocabulary. Where the file says otherwise the reference
   * warns and goes on; the model's weights follow one of the two, nobody knows which, so such a
   * file is refused.
   */
  private static List<AddedToken> addedTokens(JsonValue json, TokenTable vocab) {
    Map<String, AddedToken> tokens = new HashMap<>();
    List<AddedToken> inOrder = new ArrayList<>();
    int next = vocab.size();
    for (JsonValue entry : json.elements()) {
      entry.onlyFields("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
      AddedToken token =
          new AddedToken(
              entry.required("id").id(),
              entry.required("content").text(),
              entry.required("single_word").flag(),
              entry.required("lstrip").flag(),
              entry.required("rstrip").flag(),
              entry.required("normalized").flag(),
              entry.required("special").flag());
      if (token.content().isEmpty()) {
        throw entry.required("content").unsupported("a string that is not empty");
      }
      if (tokens.put(token.content(), token) != null) {
        throw entry.required("content").unsupported("each added token once");
      }
      int known = vocab.id(token.content());
      int expected = known < 0 ? next++ : known;
      if (token.id() != expected) {
        throw entry
            .required("id")
            .unsupported(
                expected
                    + (known < 0
                        ? ", the next id after the vocabulary and the added tokens before"
                        : ", the id that model.vocab gives this token"));
      }
      inOrder.add(token);
    }
    return inOrder;
  }
}

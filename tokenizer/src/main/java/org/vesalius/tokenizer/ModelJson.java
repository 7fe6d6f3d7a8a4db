package org.vesalius.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The model and the added tokens of a tokenizer.json.
 *
 * @param vocabulary all tokens
 * @param addedTokens the added ones, in the order of the file
 * @param model the model
 */
record ModelJson(Vocabulary vocabulary, List<AddedToken> addedTokens, Model model) {

  static ModelJson read(
      JsonValue json, @Nullable JsonValue added, boolean bytes, UnaryOperator<String> normalize) {
    JsonValue type = json.optional("type");
    // Files older than the field hold BPE when they have merges.
    if (type == null ? json.optional("merges") == null : !type.text().equals("BPE")) {
      throw (type == null ? json : type).unsupported("a model of type \"BPE\"");
    }
    json.onlyFields(
        "type",
        "dropout",
        "unk_token",
        "continuing_subword_prefix",
        "end_of_word_suffix",
        "fuse_unk",
        "byte_fallback",
        "ignore_merges",
        "vocab",
        "merges");
    JsonValue dropout = json.optional("dropout");
    if (dropout != null && dropout.node().doubleValue() != 0) {
      throw dropout.unsupported("null or 0: dropout makes encoding random");
    }
    for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      JsonValue value = json.optional(affix);
      if (value != null && !value.text().isEmpty()) {
        throw value.unsupported("null or an empty string");
      }
    }
    Map<String, Integer> vocab = vocab(json.required("vocab"));
    List<AddedToken> addedTokens = added == null ? List.of() : addedTokens(added, vocab);
    Vocabulary vocabulary = new Vocabulary(vocab, addedTokens, normalize);
    Model model =
        new BpeModel(
            vocabulary,
            symbols(json, vocabulary, bytes),
            merges(json.required("merges"), vocabulary),
            json.flag("ignore_merges", false));
    return new ModelJson(vocabulary, addedTokens, model);
  }

  private static Map<String, Integer> vocab(JsonValue json) {
    if (!json.node().isObject()) {
      throw json.unsupported("an object of tokens and ids");
    }
    Map<String, Integer> vocab = HashMap.newHashMap(json.node().size());
    // Ids index arrays here and rows of a matrix in the model: holes are few in a real vocabulary.
    int limit = Math.toIntExact(Math.min(2L * json.node().size() + 65536, Integer.MAX_VALUE - 8));
    BitSet taken = new BitSet();
    for (Map.Entry<String, JsonNode> field : json.node().properties()) {
      JsonNode id = field.getValue();
      if (!id.isInt() || id.intValue() < 0 || id.intValue() > limit) {
        throw entry(json, field).unsupported("a whole number near the vocabulary's size");
      }
      if (taken.get(id.intValue())) {
        throw entry(json, field).unsupported("an id that no other token has");
      }
      taken.set(id.intValue());
      vocab.put(field.getKey(), id.intValue());
    }
    return vocab;
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
  private static List<AddedToken> addedTokens(JsonValue json, Map<String, Integer> vocab) {
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
      Integer known = vocab.get(token.content());
      int expected = known == null ? next++ : known;
      if (token.id() != expected) {
        throw entry
            .required("id")
            .unsupported(
                expected
                    + (known == null
                        ? ", the next id after the vocabulary and the added tokens before"
                        : ", the id that model.vocab gives this token"));
      }
      inOrder.add(token);
    }
    return inOrder;
  }

  private static BpeSymbols symbols(JsonValue json, Vocabulary vocabulary, boolean bytes) {
    BpeSymbols.Unknown unknown = new BpeSymbols.Unknown(-1, json.flag("fuse_unk", false));
    JsonValue unknownToken = json.optional("unk_token");
    if (unknownToken != null) {
      int id = vocabulary.modelId(unknownToken.text());
      if (id < 0) {
        throw unknownToken.unsupported("a token of model.vocab");
      }
      unknown = new BpeSymbols.Unknown(id, unknown.fuse());
    }
    JsonValue fallback = json.optional("byte_fallback");
    boolean byteFallback = fallback != null && fallback.flag();
    if (bytes) {
      if (fallback != null && byteFallback) {
        throw fallback.unsupported("false with a ByteLevel pre-tokenizer");
      }
      return new BpeSymbols.Bytes(
          IntStream.range(0, 256)
              .map(b -> vocabulary.modelId(String.valueOf(ByteAlphabet.toChar(b))))
              .toArray(),
          unknown);
    }
    int[] byteTokens = null;
    if (fallback != null && byteFallback) {
      byteTokens = new int[256];
      for (int b = 0; b < 256; b++) {
        byteTokens[b] = vocabulary.modelId("<0x%02X>".formatted(b));
        if (byteTokens[b] < 0) {
          throw fallback.unsupported("a vocabulary with <0x%02X> beside it".formatted(b));
        }
      }
    }
    return new BpeSymbols.CodePointTokens(vocabulary, byteTokens, unknown);
  }

  private static MergeTable merges(JsonValue json, Vocabulary vocabulary) {
    if (!json.node().isArray()) {
      throw json.unsupported("an array");
    }
    MergeTable merges = new MergeTable(json.node().size());
    int rank = 0;
    for (int i = 0; i < json.node().size(); i++) {
      JsonNode merge = json.node().get(i);
      String left;
      String right;
      if (merge.isTextual()) {
        String line = merge.textValue();
        if (line.startsWith("#version")) {
          continue;
        }
        int gap = line.indexOf(' ');
        if (gap < 0 || line.indexOf(' ', gap + 1) >= 0) {
          throw element(json, i).unsupported("two tokens with one space between");
        }
        left = line.substring(0, gap);
        right = line.substring(gap + 1);
      } else if (merge.isArray()
          && merge.size() == 2
          && merge.get(0).isTextual()
          && merge.get(1).isTextual()) {
        left = merge.get(0).textValue();
        right = merge.get(1).textValue();
      } else {
        throw element(json, i).unsupported("\"left right\" or [\"left\", \"right\"]");
      }
      int leftId = vocabulary.modelId(left);
      int rightId = vocabulary.modelId(right);
      int merged = vocabulary.modelId(left + right);
      if (leftId < 0 || rightId < 0 || merged < 0) {
        throw element(json, i)
            .unsupported("tokens of model.vocab, which their join must be as well");
      }
      merges.put(leftId, rightId, rank++, merged);
    }
    return merges;
  }

  private static JsonValue element(JsonValue json, int index) {
    return new JsonValue(json.origin(), json.path() + "[" + index + "]", json.node().get(index));
  }
}

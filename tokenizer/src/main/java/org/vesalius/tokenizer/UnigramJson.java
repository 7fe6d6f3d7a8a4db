package org.vesalius.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;

/** Reads a model of type Unigram. */
final class UnigramJson {
  private UnigramJson() {}

  /** The tokens; the id of each is its place in the list. */
  static TokenTable vocab(JsonValue json) {
    JsonValue list = json.required("vocab");
    if (!list.node().isArray()) {
      throw list.unsupported("an array of [token, score]");
    }
    TokenTable vocab = new TokenTable();
    int id = 0;
    for (JsonNode entry : list.node()) {
      if (!entry.isArray()
          || entry.size() != 2
          || !entry.get(0).isTextual()
          || !entry.get(1).isNumber()) {
        throw element(list, id, entry).unsupported("[token, score]");
      }
      if (!vocab.add(entry.get(0).textValue(), id)) {
        throw element(list, id, entry).unsupported("each token once");
      }
      id++;
    }
    return vocab;
  }

  static Model read(JsonValue json, Vocabulary vocabulary, TokenTable vocab) {
    json.onlyFields("type", "unk_id", "vocab", "byte_fallback");
    double[] scores = new double[vocab.size()];
    int id = 0;
    for (JsonNode entry : json.required("vocab").node()) {
      scores[id++] = entry.get(1).doubleValue();
    }
    JsonValue unknown = json.optional("unk_id");
    if (unknown != null && unknown.id() >= scores.length) {
      throw unknown.unsupported("an id of model.vocab, below " + scores.length);
    }
    int[] byteTokens = null;
    if (json.flag("byte_fallback", false)) {
      byteTokens = new int[256];
      for (int b = 0; b < 256; b++) {
        byteTokens[b] = vocabulary.modelId("<0x%02X>".formatted(b));
      }
    }
    return new UnigramModel(
        vocabulary, new TokenTrie(vocab), scores, unknown == null ? -1 : unknown.id(), byteTokens);
  }

  private static JsonValue element(JsonValue list, int index, JsonNode entry) {
    return new JsonValue(list.origin(), list.path() + "[" + index + "]", entry);
  }
}

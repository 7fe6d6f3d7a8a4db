package org.vesalius.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.BitSet;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reads a model of type BPE. */
final class BpeJson {
  private final JsonValue json;
  private final Vocabulary vocabulary;
  private final String prefix;
  private final int @Nullable [] byteTokens;
  private final BpeSymbols.Unknown unknown;

  private BpeJson(JsonValue json, Vocabulary vocabulary) {
    this.json = json;
    this.vocabulary = vocabulary;
    String continuing = json.text("continuing_subword_prefix");
    this.prefix = continuing == null ? "" : continuing;
    JsonValue fallback = json.optional("byte_fallback");
    this.byteTokens = fallback != null && fallback.flag() ? byteTokens(fallback, vocabulary) : null;
    JsonValue unknownToken = json.optional("unk_token");
    this.unknown =
        new BpeSymbols.Unknown(
            unknownToken == null ? -1 : ModelJson.tokenOf(unknownToken, vocabulary),
            json.flag("fuse_unk", false));
  }

  /**
   * @param bytes whether the pieces stand for bytes
   */
  static Model read(JsonValue json, Vocabulary vocabulary, boolean bytes) {
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
    if (dropout != null && !(dropout.node().isNumber() && dropout.node().doubleValue() == 0)) {
      throw dropout.unsupported("null or 0: dropout makes encoding random");
    }
    return new BpeJson(json, vocabulary).model(bytes);
  }

  private Model model(boolean bytes) {
    String end = json.text("end_of_word_suffix");
    String suffix = end == null ? "" : end;
    boolean ignoreMerges = json.flag("ignore_merges", false);
    boolean plain = prefix.isEmpty() && suffix.isEmpty();
    MergeTable merges = new MergeTable(json.required("merges").node().size());
    WordCuts cuts = merges(json.required("merges"), merges);
    if (bytes && plain && byteTokens == null) {
      return new BpeModel(vocabulary, byteSymbols(), merges, ignoreMerges, null);
    }
    BpeModel model =
        new BpeModel(
            vocabulary,
            new BpeSymbols.CodePointTokens(vocabulary, byteTokens, unknown, prefix, suffix),
            merges,
            ignoreMerges,
            plain && !ignoreMerges ? cuts : null);
    return bytes ? new ByteSpelledModel(model) : model;
  }

  private BpeSymbols byteSymbols() {
    return new BpeSymbols.Bytes(
        IntStream.range(0, 256)
            .map(b -> vocabulary.modelId(String.valueOf(ByteAlphabet.toChar(b))))
            .toArray(),
        unknown);
  }

  private static int[] byteTokens(JsonValue fallback, Vocabulary vocabulary) {
    int[] byteTokens = new int[256];
    for (int b = 0; b < 256; b++) {
      byteTokens[b] = vocabulary.modelId("<0x%02X>".formatted(b));
      if (byteTokens[b] < 0) {
        throw fallback.unsupported("a vocabulary with <0x%02X> beside it".formatted(b));
      }
    }
    return byteTokens;
  }

  /**
   * Fills the table of merges.
   *
   * @return where words may be cut, or null where a symbol is not the text it stands for
   */
  private @Nullable WordCuts merges(JsonValue list, MergeTable merges) {
    if (!list.node().isArray()) {
      throw list.unsupported("an array");
    }
    WordCuts cuts = new WordCuts(new BitSet());
    boolean literal =
        (unknown.id() >= 0 || byteTokens != null)
            && vocabulary.modelId(String.valueOf(WordCuts.MARK)) >= 0;
    BitSet stand = new BitSet();
    if (byteTokens != null) {
      for (int id : byteTokens) {
        stand.set(id);
      }
    }
    if (unknown.id() >= 0) {
      stand.set(unknown.id());
    }
    int rank = 0;
    for (int i = 0; i < list.node().size(); i++) {
      JsonNode merge = list.node().get(i);
      if (merge.isTextual() && merge.textValue().startsWith("#version")) {
        continue;
      }
      Map.Entry<String, String> pair = pair(list, i);
      String right = pair.getValue();
      if (!right.startsWith(prefix)) {
        throw element(list, i).unsupported("a second token that starts with \"" + prefix + "\"");
      }
      String join = pair.getKey() + right.substring(prefix.length());
      int leftId = vocabulary.modelId(pair.getKey());
      int rightId = vocabulary.modelId(right);
      int merged = vocabulary.modelId(join);
      if (leftId < 0 || rightId < 0 || merged < 0) {
        throw element(list, i)
            .unsupported("tokens of model.vocab, which their join must be as well");
      }
      literal &= !stand.get(leftId) && !stand.get(rightId);
      cuts.add(join);
      merges.put(leftId, rightId, rank++, merged);
    }
    return literal ? cuts : null;
  }

  private static Map.Entry<String, String> pair(JsonValue list, int i) {
    JsonNode merge = list.node().get(i);
    if (merge.isTextual()) {
      String line = merge.textValue();
      int gap = line.indexOf(' ');
      if (gap < 0 || line.indexOf(' ', gap + 1) >= 0) {
        throw element(list, i).unsupported("two tokens with one space between");
      }
      return Map.entry(line.substring(0, gap), line.substring(gap + 1));
    }
    if (merge.isArray()
        && merge.size() == 2
        && merge.get(0).isTextual()
        && merge.get(1).isTextual()) {
      return Map.entry(merge.get(0).textValue(), merge.get(1).textValue());
    }
    throw element(list, i).unsupported("\"left right\" or [\"left\", \"right\"]");
  }

  private static JsonValue element(JsonValue list, int index) {
    return new JsonValue(list.origin(), list.path() + "[" + index + "]", list.node().get(index));
  }
}

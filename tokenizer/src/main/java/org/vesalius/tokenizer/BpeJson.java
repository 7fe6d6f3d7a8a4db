package org.vesalius.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reads a model of type BPE. */
final class BpeJson {
  private final JsonValue json;
  private final TokenTable tokens;
  private final Vocabulary vocabulary;
  private final String prefix;
  private final int @Nullable [] byteTokens;
  private final BpeSymbols.Unknown unknown;

  private BpeJson(JsonValue json, TokenTable tokens, Vocabulary vocabulary) {
    this.json = json;
    this.tokens = tokens;
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
   * @param tokens the model's part of the vocabulary
   * @param bytes whether the pieces stand for bytes
   * @param scanned what {@code merges} holds, where it is not in the tree
   */
  static Model read(
      JsonValue json,
      TokenTable tokens,
      Vocabulary vocabulary,
      boolean bytes,
      ModelScan.@Nullable Parts scanned) {
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
    int[] pairs = scanned == null ? null : scanned.pairs;
    return new BpeJson(json, tokens, vocabulary).model(bytes, pairs);
  }

  private Model model(boolean bytes, int @Nullable [] scanned) {
    String end = json.text("end_of_word_suffix");
    String suffix = end == null ? "" : end;
    boolean ignoreMerges = json.flag("ignore_merges", false);
    boolean plain = prefix.isEmpty() && suffix.isEmpty();
    JsonValue list = json.required("merges");
    int[] pairs = scanned == null ? pairs(list) : scanned;
    MergeTable merges = new MergeTable(pairs.length / 2);
    WordCuts cuts = merges(list, pairs, merges);
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
   * @param pairs the ids of each merge, left and right in turn
   * @return where words may be cut, or null where a symbol is not the text it stands for
   */
  private @Nullable WordCuts merges(JsonValue list, int[] pairs, MergeTable merges) {
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
    for (int i = 0; i < pairs.length; i += 2) {
      int left = pairs[i];
      int right = pairs[i + 1];
      int merged = tokens.startsWith(right, prefix) ? join(left, right) : TokenTable.NONE;
      if (merged < 0) {
        throw list.unsupported("merges whose join is a token of model.vocab");
      }
      merges.put(left, right, i / 2, merged);
      literal = literal && !stand.get(left) && !stand.get(right);
      if (literal) {
        cuts.add(tokens, merged);
      }
    }
    return literal ? cuts : null;
  }

  private int join(int left, int right) {
    return tokens.joined(left, right, prefix.length());
  }

  /** The ids of the merges of a tree. */
  private int[] pairs(JsonValue list) {
    if (!list.node().isArray()) {
      throw list.unsupported("an array");
    }
    int[] pairs = new int[2 * list.node().size()];
    int count = 0;
    for (int i = 0; i < list.node().size(); i++) {
      JsonNode merge = list.node().get(i);
      if (merge.isTextual() && merge.textValue().startsWith("#version")) {
        continue;
      }
      Map.Entry<String, String> pair = pair(list, i);
      if (!pair.getValue().startsWith(prefix)) {
        throw element(list, i).unsupported("a second token that starts with \"" + prefix + "\"");
      }
      int left = tokens.id(pair.getKey());
      int right = tokens.id(pair.getValue());
      if (left < 0 || right < 0 || join(left, right) < 0) {
        throw element(list, i)
            .unsupported("tokens of model.vocab, which their join must be as well");
      }
      pairs[count++] = left;
      pairs[count++] = right;
    }
    return Arrays.copyOf(pairs, count);
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

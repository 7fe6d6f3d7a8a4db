package org.vesalius.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writes a {@link SentencePieceModel} as the tree of a tokenizer.json. */
final class SentencePieceJson {
  private static final String MARK = String.valueOf(WordCuts.MARK);
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final SentencePieceModel model;
  private final JsonValue config;
  private final Map<String, Integer> ids = new HashMap<>();

  /**
   * @param config tokenizer_config.json, or an empty object
   */
  SentencePieceJson(SentencePieceModel model, JsonValue config) {
    this.model = model;
    this.config = config;
    for (SentencePieceModel.Piece piece : model.pieces) {
      if (ids.put(piece.text(), ids.size()) != null) {
        throw model.refused("pieces", "\"" + piece.text() + "\" twice", "each piece once");
      }
    }
  }

  ObjectNode json() {
    ObjectNode json = NODES.objectNode();
    json.set("added_tokens", addedTokens());
    json.set("normalizer", normalizer());
    json.set("post_processor", postProcessor());
    json.set("decoder", decoder());
    json.set("model", model.isBpe() ? bpe() : unigram());
    return json;
  }

  private ObjectNode normalizer() {
    ObjectNode sequence = part("Sequence");
    ArrayNode steps = sequence.putArray("normalizers");
    if (!model.rules().isEmpty()) {
      steps.add(part("Precompiled").put("precompiled_charsmap", model.rules()));
    }
    if (model.oneSpace()) {
      steps.add(part("Strip").put("strip_left", true).put("strip_right", true));
      steps.add(replace("Regex", " {2,}", " "));
    }
    if (model.prefix()) {
      steps.add(part("Prepend").put("prepend", MARK));
    }
    steps.add(replace("String", " ", MARK));
    return sequence;
  }

  private ObjectNode decoder() {
    ObjectNode sequence = part("Sequence");
    ArrayNode steps = sequence.putArray("decoders");
    steps.add(replace("String", MARK, " "));
    steps.add(part("ByteFallback"));
    steps.add(part("Fuse"));
    if (model.prefix()) {
      steps.add(part("Strip").put("content", " ").put("start", 1).put("stop", 0));
    }
    return sequence;
  }

  private static ObjectNode part(String type) {
    return NODES.objectNode().put("type", type);
  }

  private static ObjectNode replace(String kind, String pattern, String content) {
    ObjectNode replace = part("Replace");
    replace.putObject("pattern").put(kind, pattern);
    return replace.put("content", content);
  }

  /** The model's own, then those of tokenizer_config.json in their places or behind. */
  private ArrayNode addedTokens() {
    SortedMap<Integer, ObjectNode> tokens = new TreeMap<>();
    for (int id = 0; id < model.pieces.size(); id++) {
      SentencePieceModel.Piece piece = model.pieces.get(id);
      switch (piece.type()) {
        case SentencePieceModel.Piece.UNKNOWN, SentencePieceModel.Piece.CONTROL ->
            tokens.put(id, token(id, piece.text(), true));
        case SentencePieceModel.Piece.USER_DEFINED ->
            tokens.put(id, token(id, piece.text(), false));
        default -> {}
      }
    }
    JsonValue decoder = config.optional("added_tokens_decoder");
    if (decoder != null) {
      for (Map.Entry<String, JsonNode> entry : decoder.node().properties()) {
        JsonValue value = decoder.required(entry.getKey());
        if (!entry.getKey().matches("\\d{1,9}")) {
          throw value.unsupported("an id as its name");
        }
        int id = Integer.parseInt(entry.getKey());
        ObjectNode token = token(id, value.required("content").text(), false);
        for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
          token.put(flag, value.flag(flag, false));
        }
        tokens.put(id, token);
      }
    }
    ArrayNode added = NODES.arrayNode();
    added.addAll(tokens.values());
    return added;
  }

  private static ObjectNode token(int id, String content, boolean special) {
    return NODES
        .objectNode()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", special);
  }

  private @Nullable ObjectNode postProcessor() {
    ObjectNode template = part("TemplateProcessing");
    ArrayNode single = template.putArray("single");
    ObjectNode special = template.putObject("special_tokens");
    if (config.flag("add_bos_token", model.isBpe())) {
      around(single, special, "bos_token", model.bos());
    }
    single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
    if (config.flag("add_eos_token", false)) {
      around(single, special, "eos_token", model.eos());
    }
    template.putArray("pair");
    return single.size() == 1 ? null : template;
  }

  private void around(ArrayNode single, ObjectNode special, String name, String otherwise) {
    JsonValue named = config.optional(name);
    String token =
        named == null
            ? otherwise
            : named.node().isObject() ? named.required("content").text() : named.text();
    Integer id = ids.get(token);
    if (id == null) {
      throw model.refused("pieces", "no \"" + token + "\"", "a piece for " + name);
    }
    single.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
    special.putObject(token).put("id", token).putArray("ids").add(id);
  }

  private int unknown() {
    for (int id = 0; id < model.pieces.size(); id++) {
      if (model.pieces.get(id).type() == SentencePieceModel.Piece.UNKNOWN) {
        return id;
      }
    }
    throw model.refused("pieces", "no unknown piece", "one of type unknown");
  }

  private ObjectNode unigram() {
    ObjectNode unigram = part("Unigram").put("unk_id", unknown());
    unigram.put("byte_fallback", model.byteFallback());
    ArrayNode vocab = unigram.putArray("vocab");
    for (SentencePieceModel.Piece piece : model.pieces) {
      vocab.addArray().add(piece.text()).add((double) piece.score());
    }
    return unigram;
  }

  private ObjectNode bpe() {
    ObjectNode bpe = part("BPE").put("unk_token", model.pieces.get(unknown()).text());
    bpe.put("fuse_unk", true).put("byte_fallback", model.byteFallback());
    ObjectNode vocab = bpe.putObject("vocab");
    for (int id = 0; id < model.pieces.size(); id++) {
      vocab.put(model.pieces.get(id).text(), id);
    }
    ArrayNode list = bpe.putArray("merges");
    for (Merge merge : merges()) {
      list.addArray().add(merge.left).add(merge.right);
    }
    return bpe;
  }

  private record Merge(String left, String right, float score) {
    int leftLength() {
      return left.codePointCount(0, left.length());
    }

    int rightLength() {
      return right.codePointCount(0, right.length());
    }
  }

  /**
   * Every pair of pieces whose join is a piece, the best score first: SentencePiece learns pieces,
   * and any way to join one counts. Of ways to the same piece the longer left side goes first, as
   * in the conversion of transformers.
   */
  private List<Merge> merges() {
    List<Merge> merges = new ArrayList<>();
    for (SentencePieceModel.Piece piece : model.pieces) {
      if (piece.type() != SentencePieceModel.Piece.NORMAL
          && piece.type() != SentencePieceModel.Piece.USER_DEFINED) {
        continue;
      }
      String text = piece.text();
      List<Merge> ways = new ArrayList<>();
      for (int cut = 1; cut < text.length(); cut++) {
        String left = text.substring(0, cut);
        String right = text.substring(cut);
        if (!Character.isLowSurrogate(text.charAt(cut)) && joins(left) && joins(right)) {
          ways.add(new Merge(left, right, piece.score()));
        }
      }
      ways.sort(
          Comparator.comparingInt((Merge way) -> ids.getOrDefault(way.left, 0))
              .thenComparingInt(way -> ids.getOrDefault(way.right, 0)));
      merges.addAll(ways);
    }
    merges.sort(
        Comparator.comparingDouble((Merge merge) -> -merge.score)
            .thenComparingInt(merge -> -merge.leftLength())
            .thenComparingInt(merge -> -merge.rightLength()));
    return merges;
  }

  private boolean joins(String text) {
    return ids.containsKey(text);
  }
}

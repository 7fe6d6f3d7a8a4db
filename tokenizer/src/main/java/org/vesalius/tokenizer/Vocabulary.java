package org.vesalius.tokenizer;

import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Tokens and their ids: those of the model, and the added ones. Immutable. */
final class Vocabulary {
  private final TokenTable model;
  private final Map<String, Integer> added = new HashMap<>();
  private final List<AddedToken> addedTokens;
  private final Map<Integer, Added> byId = new HashMap<>();
  private final int size;
  private final BitSet special = new BitSet();
  private final BitSet skipped = new BitSet();

  private record Added(String content, String decoded) {}

  /**
   * @param normalize what the normalizer makes of a text
   */
  Vocabulary(TokenTable model, List<AddedToken> addedTokens, UnaryOperator<String> normalize) {
    this.model = model;
    this.addedTokens = List.copyOf(addedTokens);
    int limit = model.limit();
    Set<String> specialContents = new HashSet<>();
    for (AddedToken token : addedTokens) {
      String content = token.content();
      byId.put(
          token.id(), new Added(content, token.normalized() ? normalize.apply(content) : content));
      added.put(content, token.id());
      special.set(token.id(), token.special());
      if (token.special()) {
        specialContents.add(content);
      }
      limit = Math.max(limit, token.id() + 1);
    }
    size = limit;
    byId.forEach((id, token) -> skipped.set(id, specialContents.contains(token.decoded)));
  }

  int size() {
    return size;
  }

  @Nullable String token(int id) {
    Added known = byId.get(id);
    return known == null ? model.text(id) : known.content;
  }

  /**
   * The token of an id as decoding starts from it: one that is found in normalized text in its
   * normalized form.
   */
  @Nullable String decoded(int id) {
    Added known = byId.get(id);
    return known == null ? model.text(id) : known.decoded;
  }

  OptionalInt id(String token) {
    int id = added.getOrDefault(token, model.id(token));
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** Id of a token of the model, -1 where it has none; added tokens are not looked at. */
  int modelId(String token) {
    return model.id(token);
  }

  boolean isSpecial(int id) {
    return id >= 0 && special.get(id);
  }

  /**
   * Whether a decode that skips special tokens leaves the id out. The reference looks the decoded
   * form up among the contents of special tokens, so one that normalization changes stays.
   */
  boolean isSkipped(int id) {
    return id >= 0 && skipped.get(id);
  }

  List<AddedToken> addedTokens() {
    return addedTokens;
  }
}

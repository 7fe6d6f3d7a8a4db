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
  private final Map<String, Integer> model;
  private final Map<String, Integer> added = new HashMap<>();
  private final List<AddedToken> addedTokens;
  private final @Nullable String[] tokens;
  private final @Nullable String[] decoded;
  private final BitSet special = new BitSet();
  private final BitSet skipped = new BitSet();

  /**
   * @param normalize what the normalizer makes of a text
   */
  Vocabulary(
      Map<String, Integer> model, List<AddedToken> addedTokens, UnaryOperator<String> normalize) {
    this.model = model;
    this.addedTokens = List.copyOf(addedTokens);
    int last = -1;
    for (int id : model.values()) {
      last = Math.max(last, id);
    }
    for (AddedToken token : addedTokens) {
      last = Math.max(last, token.id());
    }
    tokens = new @Nullable String[last + 1];
    model.forEach((token, id) -> tokens[id] = token);
    decoded = tokens.clone();
    for (AddedToken token : addedTokens) {
      tokens[token.id()] = token.content();
      decoded[token.id()] = token.normalized() ? normalize.apply(token.content()) : token.content();
      added.put(token.content(), token.id());
      special.set(token.id(), token.special());
    }
    Set<String> specialContents = new HashSet<>();
    for (AddedToken token : addedTokens) {
      if (token.special()) {
        specialContents.add(token.content());
      }
    }
    for (AddedToken token : addedTokens) {
      String text = decoded[token.id()];
      skipped.set(token.id(), text != null && specialContents.contains(text));
    }
  }

  int size() {
    return tokens.length;
  }

  @Nullable String token(int id) {
    return id >= 0 && id < tokens.length ? tokens[id] : null;
  }

  /**
   * The token of an id as decoding starts from it: one that is found in normalized text in its
   * normalized form.
   */
  @Nullable String decoded(int id) {
    return id >= 0 && id < decoded.length ? decoded[id] : null;
  }

  OptionalInt id(String token) {
    Integer id = added.getOrDefault(token, model.get(token));
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** Id of a token of the model, -1 where it has none; added tokens are not looked at. */
  int modelId(String token) {
    return model.getOrDefault(token, -1);
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

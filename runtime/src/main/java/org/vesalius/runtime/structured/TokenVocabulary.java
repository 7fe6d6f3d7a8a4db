package org.vesalius.runtime.structured;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vesalius.tokenizer.AddedToken;
import org.vesalius.tokenizer.Tokenizer;

/**
 * The tokens of a model as constraints see them: ordinary ones as the bytes that they write, marks
 * of the model's own formats as one symbol each, all other added tokens as one more symbol, which
 * only unconstrained text may have. Made once for a model; takes some tenths of a second and, for
 * 150,000 tokens, some 20 MB. Immutable and safe for many threads.
 */
public final class TokenVocabulary {
  /** The symbol of added tokens that are no marks. */
  static final int OTHER = Utf8.FIRST_MARK;

  private static final int MAX_TABLES = 64;

  private final List<char @Nullable []> symbols;
  private final Map<String, Integer> marks;
  private final TokenTrie trie;
  private final boolean dropsLeadingSpace;

  /** Tables of leaves that many formats share. */
  private final Map<Leaf, LeafTable> tables =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Leaf, LeafTable> eldest) {
          return size() > MAX_TABLES;
        }
      };

  private TokenVocabulary(
      List<char @Nullable []> symbols, Map<String, Integer> marks, boolean dropsLeadingSpace) {
    this.symbols = symbols;
    this.marks = marks;
    this.dropsLeadingSpace = dropsLeadingSpace;
    trie = new TokenTrie(symbols);
    for (int b = 0; b <= 0xF4; b++) {
      boolean used = b != 0xC0 && b != 0xC1;
      int node = trie.child(0, b);
      if (used && (node < 0 || !trie.isToken(node))) {
        throw new UnsupportedFormatException(
            "structured output: expected a vocabulary with a token for each byte of UTF-8, found"
                + " none for byte 0x%02X".formatted(b));
      }
    }
  }

  /**
   * The vocabulary of a tokenizer.
   *
   * @param marks texts that the model's own formats need, {@link
   *     org.vesalius.runtime.answer.AnswerFormat#marks}; those that are one added token of the
   *     tokenizer are written as that token
   * @throws UnsupportedFormatException if there is a byte that no token writes alone, for then some
   *     texts could be begun and not ended
   */
  public static TokenVocabulary of(Tokenizer tokenizer, Collection<String> marks) {
    List<byte @Nullable []> bytes = new ArrayList<>();
    for (int id = 0; id < tokenizer.size(); id++) {
      bytes.add(tokenizer.tokenBytes(id));
    }
    Map<String, Integer> added = new LinkedHashMap<>();
    for (AddedToken token : tokenizer.addedTokens()) {
      // Runs of line breaks or spaces that a vocabulary lists control nothing.
      if (token.special() || !token.content().isBlank()) {
        added.put(token.content(), token.id());
      }
    }
    return of(bytes, added, marks, dropsLeadingSpace(tokenizer, bytes));
  }

  /**
   * A vocabulary.
   *
   * @param bytes what each token writes, null for none
   * @param added tokens that are no ordinary text
   * @param marks those of them that formats need
   * @param dropsLeadingSpace whether a space at the beginning of a text is not shown
   */
  static TokenVocabulary of(
      List<byte @Nullable []> bytes,
      Map<String, Integer> added,
      Collection<String> marks,
      boolean dropsLeadingSpace) {
    List<char @Nullable []> symbols = new ArrayList<>();
    for (byte[] token : bytes) {
      symbols.add(token == null ? null : chars(token));
    }
    added.values().forEach(id -> symbols.set(id, new char[] {Utf8.FIRST_MARK_BYTE}));
    Map<String, Integer> present = new LinkedHashMap<>();
    for (String mark : new LinkedHashSet<>(marks)) {
      Integer id = added.get(mark);
      if (id != null) {
        int number = present.size() + 1;
        present.put(mark, Utf8.FIRST_MARK + number);
        symbols.set(id, new char[] {(char) (Utf8.FIRST_MARK_BYTE + number)});
      }
    }
    return new TokenVocabulary(symbols, present, dropsLeadingSpace);
  }

  private static char[] chars(byte[] token) {
    char[] chars = new char[token.length];
    for (int i = 0; i < token.length; i++) {
      chars[i] = (char) (token[i] & 0xFF);
    }
    return chars;
  }

  private static boolean dropsLeadingSpace(Tokenizer tokenizer, List<byte @Nullable []> bytes) {
    for (int id = 0; id < bytes.size(); id++) {
      byte[] token = bytes.get(id);
      if (token != null && token.length > 1 && token[0] == ' ' && token[1] > ' ') {
        String written = new String(token, StandardCharsets.UTF_8);
        String shown = tokenizer.decode(new int[] {id}, false);
        if (shown.equals(written.substring(1))) {
          return true;
        }
        if (shown.equals(written)) {
          return false;
        }
      }
    }
    return false;
  }

  /** How many ids there are. */
  public int size() {
    return symbols.size();
  }

  int wordCount() {
    return (size() + 63) / 64;
  }

  /** Bytes, or a mark, of a token; empty for one that is never allowed. */
  char[] symbols(int id) {
    char[] known = id < 0 || id >= symbols.size() ? null : symbols.get(id);
    return known == null ? new char[0] : known;
  }

  /** How many symbols there are: bytes, the one for other added tokens, marks. */
  int symbolCount() {
    return Utf8.FIRST_MARK_BYTE + 1 + marks.size();
  }

  /** The symbol of a mark that is one token. */
  OptionalInt mark(String text) {
    Integer symbol = marks.get(text);
    return symbol == null ? OptionalInt.empty() : OptionalInt.of(symbol);
  }

  /** The symbols of all marks and of other added tokens. */
  SymbolSet addedSymbols() {
    return SymbolSet.range(OTHER, OTHER + marks.size());
  }

  TokenTrie trie() {
    return trie;
  }

  boolean dropsLeadingSpace() {
    return dropsLeadingSpace;
  }

  LeafTable table(Leaf leaf) {
    synchronized (tables) {
      return tables.computeIfAbsent(leaf, key -> new LeafTable(key, this));
    }
  }
}

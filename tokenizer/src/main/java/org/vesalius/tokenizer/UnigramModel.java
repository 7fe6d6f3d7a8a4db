package org.vesalius.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A unigram language model (Kudo, 2018): of all ways to write a piece with tokens, the one whose
 * scores add up to most, found by Viterbi's algorithm in double precision, in the reference's order
 * of additions and with its choice among equals.
 *
 * <p>A code point that is no token has a score of ten below the lowest. Neighbours of that kind
 * become one unknown token, or the tokens of their bytes.
 */
final class UnigramModel implements Model {
  private static final double UNKNOWN_PENALTY = 10;

  private final Vocabulary vocabulary;
  private final TokenTrie trie;
  private final double[] scores;
  private final double unknownScore;
  private final int unknown;
  private final int @Nullable [] byteTokens;
  private final PieceCache cache = new PieceCache();

  /**
   * @param scores the score of each id
   * @param unknown id of the unknown token, -1 for none: such text is refused
   * @param byteTokens ids of {@code <0x00>} to {@code <0xFF>}, -1 where the vocabulary lacks one;
   *     null without byte fallback
   */
  UnigramModel(
      Vocabulary vocabulary,
      TokenTrie trie,
      double[] scores,
      int unknown,
      int @Nullable [] byteTokens) {
    this.vocabulary = vocabulary;
    this.trie = trie;
    this.scores = scores;
    this.unknown = unknown;
    this.byteTokens = byteTokens;
    this.unknownScore = Arrays.stream(scores).min().orElse(0) - UNKNOWN_PENALTY;
  }

  @Override
  public PieceSink open(IntList out) {
    return new Pieces(out);
  }

  private final class Pieces implements PieceSink {
    private final IntList out;
    private final IntList ids = new IntList(64);
    private double[] best = new double[64];
    private int[] startOf = new int[64];
    private int[] tokenOf = new int[64];

    Pieces(IntList out) {
      this.out = out;
    }

    @Override
    public void accept(char[] text, int start, int end) {
      if (end - start > PieceCache.LONGEST) {
        encode(text, start, end, out);
        return;
      }
      int hash = PieceCache.hash(text, start, end);
      int[] known = cache.find(hash, text, start, end);
      if (known == null) {
        ids.clear();
        encode(text, start, end, ids);
        known = ids.toArray();
        cache.put(hash, text, start, end, known);
      }
      out.addAll(known, known.length);
    }

    private void encode(char[] text, int start, int end, IntList to) {
      int length = end - start;
      if (best.length <= length) {
        best = new double[length + 1];
        startOf = new int[length + 1];
        tokenOf = new int[length + 1];
      }
      Arrays.fill(startOf, 0, length + 1, -1);
      best[0] = 0;
      for (int from = 0; from < length; ) {
        int step = Character.charCount(Character.codePointAt(text, start + from, end));
        boolean single = false;
        int node = TokenTrie.ROOT;
        for (int to1 = from; to1 < length; ) {
          node = trie.next(node, text[start + to1++]);
          if (node == TokenTrie.NONE) {
            break;
          }
          int id = trie.id(node);
          if (id != TokenTrie.NONE) {
            offer(from, to1, id, scores[id]);
            single |= to1 - from == step;
          }
        }
        if (!single) {
          if (unknown < 0) {
            throw new IllegalArgumentException(
                "U+%04X has no token, and the model has no unknown token (model.unk_id)"
                    .formatted(Character.codePointAt(text, start + from, end)));
          }
          offer(from, from + step, unknown, unknownScore);
        }
        from += step;
      }
      emit(text, start, length, to);
    }

    private void offer(int from, int to, int id, double score) {
      double candidate = score + best[from];
      if (startOf[to] < 0 || candidate > best[to]) {
        best[to] = candidate;
        startOf[to] = from;
        tokenOf[to] = id;
      }
    }

    /** Turns the links from the end to the start around, then writes the tokens. */
    private void emit(char[] text, int start, int length, IntList to) {
      int next = -1;
      for (int at = length; at >= 0; ) {
        int before = at == 0 ? -1 : startOf[at];
        startOf[at] = next;
        next = at;
        at = before;
      }
      for (int from = 0; from < length; ) {
        int stop = startOf[from];
        if (tokenOf[stop] != unknown) {
          to.add(tokenOf[stop]);
        } else {
          while (stop < length && tokenOf[startOf[stop]] == unknown) {
            stop = startOf[stop];
          }
          unknown(new String(text, start + from, stop - from), to);
        }
        from = stop;
      }
    }

    private void unknown(String text, IntList to) {
      int id = vocabulary.modelId(text);
      if (id < 0 && byteTokens != null) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        boolean complete = true;
        for (byte b : bytes) {
          complete &= byteTokens[b & 0xFF] >= 0;
        }
        if (complete) {
          for (byte b : bytes) {
            to.add(byteTokens[b & 0xFF]);
          }
          return;
        }
      }
      to.add(id < 0 ? unknown : id);
    }
  }
}

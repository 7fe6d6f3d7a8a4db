package org.vesalius.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding: a piece is a row of symbols, and neighbours are merged in the order in which
 * the merges were learned (Sennrich, Haddow and Birch, 2016).
 */
final class BpeModel implements Model {
  private final Vocabulary vocabulary;
  private final BpeSymbols symbols;
  private final MergeTable merges;
  private final boolean ignoreMerges;
  private final @Nullable WordCuts cuts;
  private final PieceCache cache = new PieceCache();

  /**
   * @param ignoreMerges a piece that is a token as a whole becomes that token, even where merging
   *     would not lead to it
   * @param cuts where pieces may be cut once more, or null where nothing is known
   */
  BpeModel(
      Vocabulary vocabulary,
      BpeSymbols symbols,
      MergeTable merges,
      boolean ignoreMerges,
      @Nullable WordCuts cuts) {
    this.vocabulary = vocabulary;
    this.symbols = symbols;
    this.merges = merges;
    this.ignoreMerges = ignoreMerges;
    this.cuts = cuts;
  }

  @Override
  public PieceSink open(IntList out) {
    Pieces pieces = new Pieces(out);
    return cuts == null ? pieces : cuts.before(pieces);
  }

  private final class Pieces implements PieceSink {
    private final IntList out;
    private final Merger merger = new Merger(merges);
    private int[] scratch = new int[PieceCache.LONGEST * BpeSymbols.PER_CHAR];

    Pieces(IntList out) {
      this.out = out;
    }

    @Override
    public void accept(char[] text, int start, int end) {
      if (end - start > PieceCache.LONGEST) {
        int count = encode(text, start, end);
        out.addAll(scratch, count);
        return;
      }
      int hash = PieceCache.hash(text, start, end);
      int[] known = cache.find(hash, text, start, end);
      if (known == null) {
        int count = encode(text, start, end);
        known = Arrays.copyOf(scratch, count);
        cache.put(hash, text, start, end, known);
      }
      out.addAll(known, known.length);
    }

    /** Leaves the ids in {@link #scratch} and returns how many there are. */
    private int encode(char[] text, int start, int end) {
      if (ignoreMerges) {
        int whole = vocabulary.modelId(symbols.spelling(text, start, end));
        if (whole >= 0) {
          scratch[0] = whole;
          return 1;
        }
      }
      int most = symbols.most(end - start);
      if (scratch.length < most) {
        scratch = new int[most];
      }
      return merger.merge(scratch, symbols.read(text, start, end, scratch));
    }
  }
}

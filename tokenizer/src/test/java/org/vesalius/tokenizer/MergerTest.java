package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Merging: by hand, scan against heap, and long pieces against the reference. */
class MergerTest {
  private static final long SEED = 3;

  @Test
  void lowestRankFirstThenLeftmost() {
    MergeTable merges = new MergeTable(3);
    int a = 0;
    int b = 1;
    int ab = 2;
    int ba = 3;
    int aba = 4;
    merges.put(b, a, 0, ba);
    merges.put(a, b, 1, ab);
    merges.put(ab, a, 2, aba);
    for (boolean heap : new boolean[] {false, true}) {
      assertArrayEquals(new int[] {a, ba}, run(merges, heap, a, b, a));
      assertArrayEquals(new int[] {a, ba, ba}, run(merges, heap, a, b, a, b, a));
      assertArrayEquals(new int[] {ab}, run(merges, heap, a, b));
      assertArrayEquals(new int[] {b}, run(merges, heap, b));
      assertArrayEquals(new int[] {}, run(merges, heap));
    }
  }

  @Test
  void equalPairsMergeFromTheLeft() {
    MergeTable merges = new MergeTable(1);
    merges.put(0, 0, 0, 1);
    for (boolean heap : new boolean[] {false, true}) {
      assertArrayEquals(new int[] {1, 1, 0}, run(merges, heap, 0, 0, 0, 0, 0));
    }
  }

  @Test
  void heapDoesWhatTheScanDoes() {
    Random random = new Random(SEED);
    for (int round = 0; round < 500; round++) {
      MergeTable merges = new MergeTable(40);
      for (int rank = 0; rank < 40; rank++) {
        // A new token is a new id, as the join of two tokens is a longer token.
        merges.put(random.nextInt(4 + rank), random.nextInt(4 + rank), rank, 4 + rank);
      }
      int[] symbols = random.ints(random.nextInt(200), 0, 4).toArray();
      assertArrayEquals(
          run(merges, false, symbols),
          run(merges, true, symbols),
          "round " + round + " of seed " + SEED);
    }
  }

  @Test
  void tableHoldsWhatWasPut() {
    Random random = new Random(SEED);
    MergeTable merges = new MergeTable(10_000);
    int[][] pairs = new int[10_000][];
    for (int i = 0; i < pairs.length; i++) {
      pairs[i] = new int[] {random.nextInt(300_000), random.nextInt(300_000)};
      merges.put(pairs[i][0], pairs[i][1], i, i + 7);
    }
    for (int i = 0; i < pairs.length; i++) {
      assertEquals(((long) i << 32) | (i + 7), merges.get(pairs[i][0], pairs[i][1]));
      assertEquals(MergeTable.NONE, merges.get(pairs[i][0], 300_000 + i));
    }
    merges.put(pairs[0][0], pairs[0][1], 9, 9);
    assertEquals((9L << 32) | 9, merges.get(pairs[0][0], pairs[0][1]));
  }

  /** Pieces of a hundred kilobytes: without spaces, of one letter, of bytes that never merge. */
  @Test
  void longPiecesAgainstReference() throws IOException {
    byte[] json = TokenizerFiles.read(TokenizerFiles.demo());
    Tokenizer tokenizer = Tokenizer.parse(json, "demo");
    Random random = new Random(SEED);
    String letters =
        random
            .ints(100_000, 'a', 'z' + 1)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
      for (String text :
          new String[] {
            letters,
            "a".repeat(100_000),
            "肺".repeat(33_000),
            " ".repeat(100_000),
            "theinghe".repeat(12_500),
            "\u0301".repeat(50_000),
            "=".repeat(97),
            "e".repeat(96)
          }) {
        int[] ids = tokenizer.encode(text);
        assertArrayEquals(reference.encode(text), ids);
        assertEquals(text, tokenizer.decode(ids, false));
      }
    }
  }

  private static int[] run(MergeTable merges, boolean heap, int... symbols) {
    int[] work = symbols.clone();
    Merger merger = new Merger(merges);
    int count = heap ? merger.heap(work, work.length) : merger.scan(work, work.length);
    return Arrays.copyOf(work, count);
  }
}

package org.vesalius.runtime.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.DraftAcceptance;

class PromptLookupTest {

  /** What the definition says: longest suffix first, then the latest place before the end. */
  private static int[] expected(int[] ids, int length, int most) {
    for (int n = PromptLookup.LONGEST; n >= PromptLookup.SHORTEST; n--) {
      for (int end = length - 1; end >= n && length >= n; end--) {
        if (Arrays.equals(ids, end - n, end, ids, length - n, length)) {
          int[] guess = new int[most];
          for (int i = 0; i < most; i++) {
            guess[i] = end + i < length ? ids[end + i] : guess[end + i - length];
          }
          return guess;
        }
      }
    }
    return new int[0];
  }

  @Test
  void agreesWithTheDefinition() {
    int found = 0;
    int all = 0;
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      int values = 2 + random.nextInt(40);
      int[] ids = random.ints(300, 0, values).map(id -> id * 7919).toArray();
      for (int copy = 0; copy < 4; copy++) {
        int from = random.nextInt(250);
        System.arraycopy(ids, random.nextInt(250), ids, from, random.nextInt(50));
      }
      int prompt = random.nextInt(200);
      PromptLookup lookup = new PromptLookup(Arrays.copyOf(ids, prompt));
      for (int length = prompt; length < ids.length; length++) {
        int most = 1 + random.nextInt(GuessLimit.FIRST);
        int[] guess = lookup.propose(most);
        assertArrayEquals(
            expected(ids, length, most), guess, "seed " + seed + ", length " + length);
        found += guess.length > 0 ? 1 : 0;
        all++;
        lookup.add(ids[length]);
      }
    }
    assertTrue(found > all / 10 && found < 9 * all / 10, found + " of " + all + " were found");
  }

  @Test
  void theLatestPlaceAndTheLongestSuffixWin() {
    PromptLookup lookup = new PromptLookup(new int[] {1, 2, 3, 10, 9, 2, 3, 20, 8, 1, 2, 3});
    assertArrayEquals(new int[] {10, 9, 2}, lookup.propose(3));
    lookup = new PromptLookup(new int[] {1, 2, 3, 10, 9, 1, 2, 3, 20, 8, 1, 2, 3});
    assertArrayEquals(new int[] {20, 8, 1}, lookup.propose(3));
  }

  @Test
  void whatRepeatsGoesOnBeyondTheEnd() {
    PromptLookup lookup = new PromptLookup(new int[] {5, 6, 7, 5, 6, 7});
    assertArrayEquals(new int[] {5, 6, 7, 5, 6, 7, 5}, lookup.propose(7));
  }

  @Test
  void nothingIsGuessedFromLittle() {
    assertEquals(0, new PromptLookup(new int[0]).propose(4).length);
    assertEquals(0, new PromptLookup(new int[] {1, 1}).propose(4).length);
    assertArrayEquals(new int[] {1, 1}, new PromptLookup(new int[] {1, 1, 1}).propose(2));
    assertEquals(0, new PromptLookup(new int[] {1, 1, 1}).propose(0).length);
  }

  /** Decodes an answer of which all is known, as an engine would. */
  private static int[] steps(int[] prompt, int[] answer, int most) {
    PromptLookup lookup = new PromptLookup(prompt);
    int steps = 0;
    int rows = 0;
    int at = 0;
    while (at < answer.length) {
      int[] guess = lookup.propose(Math.min(most, answer.length - at - 1));
      int right = 0;
      while (right < guess.length && guess[right] == answer[at + right]) {
        right++;
      }
      if (guess.length > 0) {
        lookup.checked(guess.length, right);
      }
      for (int i = 0; i <= right; i++) {
        lookup.add(answer[at++]);
      }
      steps++;
      rows += 1 + guess.length;
    }
    return new int[] {steps, rows, lookup.acceptance().proposed(), lookup.acceptance().accepted()};
  }

  @Test
  void anAnswerThatRepeatsItsPromptTakesFewSteps() {
    int[] prompt = new Random(1).ints(600, 0, 30_000).toArray();
    int[] answer = Arrays.copyOfRange(prompt, 100, 500);
    int[] result = steps(prompt, answer, 16);
    assertTrue(result[0] < 40, result[0] + " steps for 400 tokens");
    assertTrue(result[3] > 0.95 * result[2], result[3] + " of " + result[2]);
  }

  /** Every suffix has occurred, and every guess is wrong: the worst that can happen. */
  @Test
  void wrongGuessesCostLittle() {
    List<Integer> ids = new ArrayList<>();
    // Every pair of 100 values, followed by something else each time.
    Random random = new Random(2);
    for (int i = 0; i < 4000; i++) {
      ids.add(random.nextInt(6));
      ids.add(random.nextInt(6));
      ids.add(1000 + i);
    }
    int[] prompt = ids.stream().mapToInt(Integer::intValue).toArray();
    int[] answer = new int[6000];
    for (int i = 0; i < answer.length; i++) {
      answer[i] = i % 3 == 2 ? 50_000 + i : random.nextInt(6);
    }
    int[] result = steps(prompt, answer, 16);
    int wasted = result[1] - answer.length;
    assertTrue(result[2] > 20, "guesses: " + result[2]);
    assertTrue(wasted < answer.length / 20, wasted + " rows too many for " + answer.length);
  }

  @Test
  void theLimitFollowsWhatWasRight() {
    int[] loop = new int[40];
    for (int i = 0; i < loop.length; i++) {
      loop[i] = i % 4;
    }
    PromptLookup lookup = new PromptLookup(loop);
    assertEquals(GuessLimit.FIRST, lookup.propose(16).length);
    lookup.checked(8, 8);
    assertEquals(16, lookup.propose(16).length);
    lookup.checked(16, 3);
    assertEquals(6, lookup.propose(16).length);
    lookup.checked(6, 0);
    assertEquals(0, lookup.propose(16).length);
    assertEquals(1, lookup.propose(16).length);
    lookup.checked(1, 0);
    assertEquals(0, lookup.propose(16).length);
    assertEquals(0, lookup.propose(16).length);
    assertEquals(1, lookup.propose(16).length);
    lookup.checked(1, 1);
    assertEquals(2, lookup.propose(16).length);
    assertEquals(new DraftAcceptance(5, 32, 12), lookup.acceptance());
    assertEquals(12.0 / 32, lookup.acceptance().rate());
  }

  /** Ten times the tokens take no more than about ten times as long, which a scan would. */
  @Test
  void manyTokensStayQuick() {
    int[] ids = new Random(9).ints(2_000_000, 0, 500).toArray();
    long begin = System.nanoTime();
    PromptLookup lookup = new PromptLookup(ids);
    for (int i = 0; i < 100_000; i++) {
      lookup.add(ids[i]);
      lookup.propose(4);
    }
    long seconds = (System.nanoTime() - begin) / 1_000_000_000;
    assertTrue(seconds < 20, seconds + " seconds for two million tokens");
  }
}

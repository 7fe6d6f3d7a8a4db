package org.vesalius.clinical.entities;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WordScannerTest {

  /** Words in normal form with their places: {@code word@start-end}. */
  private static List<String> words(Reader text, int block) throws IOException {
    WordScanner scanner = new WordScanner(text, block, 0x9E3779B97F4A7C15L);
    List<String> words = new ArrayList<>();
    while (scanner.advance(Long.MAX_VALUE)) {
      for (int i = 0; i < scanner.words(); i++) {
        if (scanner.isOverlong(i)) {
          words.add("(overlong)@" + scanner.start(i));
        } else {
          words.add(
              new String(scanner.normal(), scanner.begin(i), scanner.length(i))
                  + "@"
                  + scanner.start(i)
                  + "-"
                  + scanner.end(i));
        }
      }
    }
    return words;
  }

  private static List<String> words(String text) throws IOException {
    return words(new StringReader(text), 4096);
  }

  @Test
  void wordsOfSpacedScriptsAreRunsAndOthersSingleLetters() throws IOException {
    assertEquals(
        List.of("t2@0-2", "信@2-3", "号@3-4", "(@4-5", "flair@5-10", ")@10-11"),
        words("T2信号(FLAIR)"));
    assertEquals(List.of("α1@0-2", "か@3-4"), words("Α1 か"));
    assertEquals(List.of("𠮷@0-2", "x@2-3", "😀@3-5"), words("𠮷x😀"));
    assertEquals(List.of("ก่@0-2", "น@2-3"), words("ก่น"));
  }

  @Test
  void hyphensBetweenLettersAreAsSpace() throws IOException {
    assertEquals(List.of("t@0-1", "cell@2-6"), words("T-cell"));
    assertEquals(List.of("t@0-1", "cell@2-6"), words("T–cell"));
    assertEquals(List.of("β@0-1", "地@2-3"), words("β-地"));
    assertEquals(List.of("兰@0-1", "巴@2-3"), words("兰·巴"));
    assertEquals(List.of("her2@0-4", "-@4-5"), words("HER2-"));
    assertEquals(List.of("her2@0-4", "-@4-5", "x@6-7"), words("HER2- x"));
    assertEquals(List.of("a@0-1", "-@1-2", "-@2-3", "b@3-4"), words("a--b"));
    assertEquals(List.of("-@0-1", "5@1-2"), words("-5"));
  }

  @Test
  void formsOfWritingAreOne() throws IOException {
    assertEquals(List.of("ct@0-2", "(@2-3"), words("ＣＴ（"));
    assertEquals(List.of("fi@0-1"), words("ﬁ"));
    assertEquals(List.of("sjögren@0-8", "'@8-9", "s@9-10"), words("Sjo\u0308gren’s"));
    assertEquals(List.of("pneumonia@0-11"), words("pneu\u00ADmo\u200Bnia"));
    assertEquals(List.of("한@0-3"), words("\u1112\u1161\u11AB"));
    assertEquals(List.of("ガ@0-2"), words("ｶﾞ"));
    assertEquals(List.of("σασ@0-3"), words("ΣΑΣ"));
    assertEquals(words("σασ"), words("σας"));
    assertEquals(List.of("\uD800@0-1", "a@1-2", "\uDC00@2-3"), words("\uD800a\uDC00"));
  }

  /** NFKC of a text is that of its pieces, wherever a character does not join what is before it. */
  @Test
  void normalFormEqualsThatOfTheWholeText() throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    int[][] ranges = {
      {0x20, 0x24F},
      {0x300, 0x345},
      {0x370, 0x3FF},
      {0x900, 0xDFF},
      {0xE00, 0xEFF},
      {0x1100, 0x11FF},
      {0x3040, 0x318E},
      {0xAC00, 0xAC50},
      {0xF900, 0xFAFF},
      {0xFB00, 0xFDFF},
      {0xFE20, 0xFFEE},
      {0x1D100, 0x1D7FF},
      {0x11000, 0x115FF},
      {0x0F00, 0x0FFF},
      {0x1B00, 0x1BFF}
    };
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 8; i++) {
        int[] range = ranges[random.nextInt(ranges.length)];
        text.appendCodePoint(random.nextInt(range[0], range[1]));
      }
      StringBuilder expected = new StringBuilder();
      Normalizer.normalize(text, Form.NFKC)
          .codePoints()
          .filter(c -> !Characters.isDropped(c))
          .map(Characters::fold)
          .filter(c -> c != ' ' && c != '-')
          .forEach(expected::appendCodePoint);
      StringBuilder found = new StringBuilder();
      for (String word : words(text.toString())) {
        found.append(word, 0, word.lastIndexOf('@'));
      }
      assertEquals(
          expected.toString(),
          found.toString().replace("-", ""),
          () -> "text " + text.chars().mapToObj(Integer::toHexString).toList());
    }
  }

  @Test
  void howATextIsCutIntoBlocksDoesNotMatter() throws IOException {
    SplittableRandom random = new SplittableRandom(6);
    String letters = "ab1 -肺癌ー\u0301\u00AD.😀ﬁ\uD840\uDC00ｶﾞ\u200B\u1100\u1161";
    for (int round = 0; round < 300; round++) {
      StringBuilder text = new StringBuilder();
      while (text.length() < 400) {
        int run = random.nextInt(20) == 0 ? 100 : 1;
        char c = letters.charAt(random.nextInt(letters.length()));
        text.append(String.valueOf(c).repeat(run));
      }
      List<String> whole = words(text.toString());
      for (int block : new int[] {1, 2, 3, 17, 64, 200}) {
        assertEquals(whole, words(new StringReader(text.toString()), block));
      }
    }
  }

  @Test
  void endlessWordsAndMarksTakeBoundedMemory() throws IOException {
    assertEquals(List.of("(overlong)@0", "b@100001-100002"), words("a".repeat(100_000) + " b"));
    assertEquals(
        List.of("肺@0-1", "(overlong)@1", "x@100002-100003"),
        words("肺癌" + "\u0301".repeat(100_000) + "x"));
    List<String> spaces = words("a" + " ".repeat(100_000) + "b");
    assertEquals(List.of("a@0-1", "b@100001-100002"), spaces);
    String marks = "a" + "\u0327\u0301".repeat(300);
    assertTrue(words(marks).getFirst().endsWith("@0-601"), "marks beyond the thirtieth stay");
  }

  @Test
  void longRunsOfFormattingCharactersPartWords() throws IOException {
    assertEquals(List.of("ab@0-66"), words("a" + "\u200B".repeat(64) + "b"));
    assertEquals(List.of("a@0-1", "b@66-67"), words("a" + "\u200B".repeat(65) + "b"));
    String tags = "\uDB40\uDC41".repeat(65);
    assertEquals(List.of("a@0-1", "b@131-132"), words("a" + tags + "b"));
  }

  /** Whatever fills a text after the beginning of a name, little of it is held. */
  @Test
  void littleOfATextIsHeld() throws IOException {
    Vocabulary vocabulary = new Vocabulary();
    AutomatonBuilder builder = new AutomatonBuilder();
    builder.word(vocabulary.intern(new char[] {'a'}, 0, 1, 'a'));
    builder.word(vocabulary.intern(new char[] {'b'}, 0, 1, 'b'));
    builder.end(0, NameKind.PREFERRED);
    Automaton automaton = builder.build(vocabulary.size());
    for (String filler : List.of(" ", "\u200B", "x", "\u0301", "a ", "肺\u0301", ", ", "\u200Bx")) {
      String text = "a b a" + filler.repeat(300_000);
      WordScanner words = new WordScanner(new StringReader(text), 512, vocabulary.multiplier());
      List<Long> ends = new ArrayList<>();
      new TagScan(
              vocabulary,
              automaton,
              words,
              MatchPolicy.LEFTMOST_LONGEST,
              (_, end, _) -> ends.add(end))
          .run();
      assertEquals(List.of(3L), ends);
      assertTrue(words.capacity() < 10_000, () -> words.capacity() + " held");
    }
  }
}

package org.vesalius.clinical.entities;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Ids and places of the tagger beside those of {@link ReferenceMatcher}, on dictionaries and texts
 * made of few words, so that names overlap, contain and begin each other all the time.
 */
class EntityTaggerReferenceTest {
  private static final int TEXTS = 10_000;
  private static final int DICTIONARIES = 40;
  private static final long SEED = 20_251_107;

  private static final List<String> ENGLISH =
      List.of(
          "lung",
          "Lung",
          "cancer",
          "of",
          "the",
          "left",
          "type",
          "2",
          "T2",
          "b12",
          "ai",
          "a",
          "cell",
          "small",
          "non",
          "Sjögren",
          "β",
          "IL",
          "6",
          "pleural",
          "effusion",
          "mass",
          "masses",
          "Œdema",
          "strasse",
          "Straße",
          "ﬁbrosis",
          "ΣΑΣ",
          "naïve",
          "İd");
  private static final List<String> CHINESE =
      List.of(
          "肺", "癌", "肺癌", "炎", "小", "细胞", "左", "上叶", "结节", "糖尿病", "二", "型", "阻塞", "性", "𠮷", "𩸽",
          "㐀", "か", "カ", "ー", "한", "글", "ก่", "心", "脏");
  private static final List<String> BETWEEN =
      List.of(
          " ", " ", " ", "-", "–", "", "", ", ", "·", " - ", "/", "'", "’", "(", ") ", "\n",
          "\u3000", "，", "。", "\u00AD", "\u200B", "+", ". ", "--", ")-", "😀", "\uFE0F", "\u00A0",
          "、", "：");

  private boolean few;
  private final SplittableRandom random = new SplittableRandom(SEED);

  @Test
  void idsAndPlacesEqualThoseOfThePlainMatcher() throws IOException {
    long tags = 0;
    long ambiguous = 0;
    for (int dictionary = 0; dictionary < DICTIONARIES; dictionary++) {
      // Names of very few words are suffixes of each other's beginnings, several deep.
      few = dictionary % 2 == 0;
      ReferenceMatcher reference = new ReferenceMatcher();
      EntityTreeBuilder builder = EntityTree.builder();
      for (int entity = 0; entity < 60; entity++) {
        List<String> synonyms = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
          synonyms.add(name());
        }
        String name = name();
        reference.add("E:" + entity, name, synonyms);
        builder.add(
            "E:" + entity,
            name,
            synonyms.stream().map(s -> new EntityName(s, NameKind.EXACT)).toList(),
            List.of());
      }
      EntityTagger tagger = EntityTagger.of(builder.build());
      for (int i = 0; i < TEXTS / DICTIONARIES; i++) {
        int words = i % 50 == 0 ? 200 : 3 + random.nextInt(30);
        String text = text(words);
        List<ReferenceMatcher.Found> all = reference.all(text);
        List<EntityTag> found = tagger.tag(text);
        same(dictionary, text, ReferenceMatcher.leftmostLongest(all), found);
        same(dictionary, text, all, tagger.tag(text, MatchPolicy.ALL));
        if (i % 50 == 0) {
          List<EntityTag> streamed = new ArrayList<>();
          int block = 1 + random.nextInt(60);
          tagger.tag(new Drops(text), block, MatchPolicy.LEFTMOST_LONGEST, streamed::add);
          assertEquals(found, streamed);
        }
        tags += found.size();
        ambiguous += found.stream().filter(EntityTag::ambiguous).count();
      }
    }
    assertTrue(tags > 3 * TEXTS && ambiguous > TEXTS / 10, tags + " tags, " + ambiguous);
  }

  private static void same(
      int dictionary, String text, List<ReferenceMatcher.Found> expected, List<EntityTag> found) {
    assertEquals(
        expected,
        found.stream()
            .map(t ->
                new ReferenceMatcher.Found(
                    (int) t.start(),
                    (int) t.end(),
                    t.entities().stream().map(TaggedEntity::id).toList()))
            .toList(),
        () -> "seed " + SEED + ", dictionary " + dictionary + ", text " + escaped(text));
    for (EntityTag tag : found) {
      assertEquals(text.substring((int) tag.start(), (int) tag.end()), tag.text());
    }
  }

  private String name() {
    StringBuilder name = new StringBuilder();
    boolean chinese = random.nextInt(5) < 2;
    for (int i = random.nextInt(few ? 7 : 4); i >= 0; i--) {
      name.append(word(random.nextInt(8) == 0 ? !chinese : chinese));
      if (i > 0) {
        name.append(
            random.nextInt(few ? 20 : 3) == 0
                ? pick(BETWEEN)
                : chinese ? "" : random.nextInt(4) == 0 ? "-" : " ");
      }
    }
    return cased(name.toString());
  }

  private String text(int words) {
    StringBuilder text = new StringBuilder();
    boolean chinese = random.nextBoolean();
    for (int i = 0; i < words; i++) {
      text.append(cased(word(random.nextInt(6) == 0 ? !chinese : chinese)));
      text.append(random.nextInt(few ? 20 : 3) == 0 ? pick(BETWEEN) : chinese ? "" : " ");
    }
    return text.toString();
  }

  private String word(boolean chinese) {
    List<String> words = chinese ? CHINESE : ENGLISH;
    return pick(few ? words.subList(0, 4) : words);
  }

  /** Another way to write the same: case, width, or marks apart. */
  private String cased(String text) {
    return switch (random.nextInt(12)) {
      case 0 -> text.toUpperCase(Locale.ROOT);
      case 1 -> text.toLowerCase(Locale.ROOT);
      case 2 -> wide(text);
      case 3 -> java.text.Normalizer.normalize(text, java.text.Normalizer.Form.NFD);
      default -> text;
    };
  }

  private static String wide(String text) {
    StringBuilder wide = new StringBuilder();
    text.codePoints().forEach(c -> wide.appendCodePoint(c > ' ' && c < 0x7F ? c + 0xFEE0 : c));
    return wide.toString();
  }

  private String pick(List<String> all) {
    return all.get(random.nextInt(all.size()));
  }

  private static String escaped(String text) {
    StringBuilder out = new StringBuilder();
    text.chars()
        .forEach(c -> out.append(c >= ' ' && c < 0x7F ? "" + (char) c : "\\u%04X".formatted(c)));
    return out.toString();
  }

  /** A text that arrives in small pieces of changing size. */
  private static final class Drops extends Reader {
    private final String text;
    private int at;

    Drops(String text) {
      this.text = text;
    }

    @Override
    public int read(char[] into, int offset, int length) {
      if (at == text.length()) {
        return -1;
      }
      int n = Math.min(Math.min(length, 1 + at % 5), text.length() - at);
      text.getChars(at, at + n, into, offset);
      at += n;
      return n;
    }

    @Override
    public void close() {}
  }
}

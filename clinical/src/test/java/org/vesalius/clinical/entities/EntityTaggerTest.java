package org.vesalius.clinical.entities;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class EntityTaggerTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Entities 1, 2, 3 and so on with these names. */
  private static EntityTagger named(String... names) {
    EntityTreeBuilder builder = EntityTree.builder();
    for (int i = 0; i < names.length; i++) {
      builder.add("" + (i + 1), names[i], List.of(), List.of());
    }
    return EntityTagger.of(builder.build());
  }

  /** {@code matched form=ids}. */
  private static List<String> tags(EntityTagger tagger, String text, MatchPolicy policy) {
    return tagger.tag(text, policy).stream()
        .map(t ->
            t.text() + "=" + String.join("+", t.entities().stream().map(TaggedEntity::id).toList()))
        .toList();
  }

  private static List<String> tags(EntityTagger tagger, String text) {
    return tags(tagger, text, MatchPolicy.LEFTMOST_LONGEST);
  }

  @Test
  void wholeWordsInEnglishAndAnywhereInChinese() {
    EntityTagger tagger = named("lung cancer", "肺癌", "T2 信号", "AI");
    assertEquals(List.of("Lung  Cancer=1"), tags(tagger, "Lung  Cancer"));
    assertEquals(List.of("lung-cancer=1"), tags(tagger, "(lung-cancer)"));
    assertEquals(List.of(), tags(tagger, "lung cancers, flung cancer, lungcancer"));
    assertEquals(List.of("肺癌=2", "肺癌=2"), tags(tagger, "左肺癌术后肺癌复发"));
    assertEquals(List.of("T2信号=3"), tags(tagger, "呈长T2信号"));
    assertEquals(List.of("T2信号=3"), tags(tagger, "呈T2信号影"));
    assertEquals(List.of(), tags(tagger, "呈FT2信号影，pain, AIs"));
    assertEquals(List.of("ai=4"), tags(tagger, "用ai技术"));
  }

  @Test
  void theLeftmostAndThenTheLongestWins() {
    EntityTagger tagger = named("a b", "b c d e", "c d", "a b c x", "d e");
    assertEquals(List.of("a b=1", "c d=3"), tags(tagger, "a b c d e"));
    assertEquals(List.of("b c d e=2"), tags(tagger, "b c d e"));
    assertEquals(List.of("a b=1", "a b c x=4"), tags(tagger, "a b a b c x"));
    assertEquals(List.of("c d=3", "d e=5"), tags(tagger, "b c d d e"));
    assertEquals(
        List.of("a b=1", "c d=3", "b c d e=2", "d e=5"),
        tags(tagger, "a b c d e", MatchPolicy.ALL));
  }

  @Test
  void oneFormOfSeveralEntitiesGivesAllPreferredNamesFirst() {
    EntityTagger tagger =
        EntityTagger.of(
            EntityTree.builder()
                .including(NameKind.BROAD)
                .add("A", "x", List.of(new EntityName("cold", NameKind.BROAD)), List.of())
                .add("B", "y", List.of(new EntityName("cold", NameKind.EXACT)), List.of("A"))
                .add("C", "Cold", List.of(new EntityName("COLD", NameKind.EXACT)), List.of("B"))
                .add("D", "cold", List.of(), List.of())
                .build());
    EntityTag tag = tagger.tag("a cold").getFirst();
    assertEquals(
        List.of(
            new TaggedEntity("C", "Cold", NameKind.PREFERRED, 3),
            new TaggedEntity("D", "cold", NameKind.PREFERRED, 1),
            new TaggedEntity("B", "y", NameKind.EXACT, 2),
            new TaggedEntity("A", "x", NameKind.BROAD, 1)),
        tag.entities());
    assertTrue(tag.ambiguous());
  }

  @Test
  void aTagIsJson() throws IOException {
    EntityTag tag = named("肺癌").tag("左 肺癌 x").getFirst();
    JsonNode json = JSON.valueToTree(tag);
    assertEquals(
        "{\"start\":2,\"end\":4,\"text\":\"肺癌\",\"entities\":"
            + "[{\"id\":\"1\",\"name\":\"肺癌\",\"kind\":\"PREFERRED\",\"level\":1}]}",
        json.toString());
    assertEquals(tag, JSON.treeToValue(json, EntityTag.class));
    assertEquals("EntityTag[2..4, [1]]", tag.toString());
  }

  @Test
  void namesWithoutAWordAreFoundNowhere() {
    EntityTagger tagger = named("\u200B", "x");
    assertEquals(List.of("x=2"), tags(tagger, "\u200B x \u200B"));
    assertEquals(List.of(), tags(EntityTagger.of(EntityTree.builder().build()), "any text"));
    assertEquals(List.of(), tags(tagger, ""));
  }

  @Test
  void noNameGoesAcrossAWideGap() {
    EntityTagger tagger = named("a b", "b");
    assertEquals(List.of("a" + " ".repeat(64) + "b=1"), tags(tagger, "a" + " ".repeat(64) + "b"));
    assertEquals(List.of("b=2"), tags(tagger, "a" + " ".repeat(65) + "b"));
  }

  @Test
  void longTextsAreReadInPieces() throws IOException {
    EntityTagger tagger = named("pleural effusion", "肺癌", "a b c d");
    String piece = "No pleural effusion 肺癌, a b c e. ";
    int times = 200_000;
    List<EntityTag> last = new ArrayList<>();
    long[] count = new long[1];
    tagger.tag(
        new Repeated(piece, times),
        MatchPolicy.LEFTMOST_LONGEST,
        tag -> {
          long at = count[0] / 2 * piece.length() + (count[0] % 2 == 0 ? 3 : 20);
          assertEquals(at, tag.start());
          assertEquals(count[0] % 2 == 0 ? "pleural effusion" : "肺癌", tag.text());
          count[0]++;
          last.clear();
          last.add(tag);
        });
    assertEquals(2L * times, count[0]);
    assertEquals((times - 1L) * piece.length() + 22, last.getFirst().end());
  }

  /**
   * Every suffix of a long form is a form: as many matches as there can be, and each word is seen
   * once more only.
   */
  @Test
  @Timeout(20)
  void nestedFormsAreFoundInTheTimeOfTheirNumber() {
    String[] names = new String[200];
    for (int i = 0; i < names.length; i++) {
      names[i] = "a ".repeat(i + 1).strip();
    }
    EntityTagger tagger = named(names);
    String text = "a ".repeat(20_000);
    assertEquals(100, tagger.tag(text).size());
    long[] all = new long[1];
    tagger.scan(text, MatchPolicy.ALL, (_, _, _) -> all[0]++);
    assertEquals(200L * 20_000 - 199 * 100, all[0]);
    // Nothing matches, and every word begins what may: with the first of many words missing.
    assertEquals(List.of(), named("a ".repeat(3_000) + "b").tag("a ".repeat(100_000)));
  }

  @Test
  void sizesAreTold() {
    EntityTagger tagger = named("a b", "A-B", "c");
    assertEquals(2, tagger.forms());
    assertEquals(2, tagger.indices(1).length + tagger.indices(0).length - 1);
    assertTrue(tagger.byteSize() > 0 && tagger.tree().byteSize() > 0);
    assertFalse(tagger.toString().contains("A-B"), tagger.toString());
  }

  /** One text many times. */
  private static final class Repeated extends Reader {
    private final String piece;
    private long left;
    private int at;

    Repeated(String piece, int times) {
      this.piece = piece;
      this.left = (long) times * piece.length();
    }

    @Override
    public int read(char[] into, int offset, int length) {
      if (left == 0) {
        return -1;
      }
      int n = (int) Math.min(Math.min(length, piece.length() - at), left);
      piece.getChars(at, at + n, into, offset);
      at = (at + n) % piece.length();
      left -= n;
      return n;
    }

    @Override
    public void close() {}
  }
}

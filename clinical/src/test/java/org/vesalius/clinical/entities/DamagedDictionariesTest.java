package org.vesalius.clinical.entities;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Dictionaries with bytes changed, cut, doubled or without an end: a tree or one clear error, in
 * bounded memory and time. 200,000 of each format with {@code -Dvesalius.full=true}.
 */
class DamagedDictionariesTest {
  private static final int MUTATIONS = Boolean.getBoolean("vesalius.full") ? 200_000 : 5_000;
  private static final long SEED = 11;

  private static String sound(String ending) {
    return switch (ending) {
      case "csv" ->
          """
          id,name,synonyms,parents
          1,"a, ""b""\",c|d,2
          2,肺癌,,
          3,x,"y
          z",1|2
          """;
      case "obo" ->
          """
          format-version: 1.2

          [Term]
          id: 1
          name: a\\, b {s="t"} ! c
          synonym: "d \\"e\\"" EXACT []
          is_a: 2 ! f

          [Term]
          id: 2
          name: 肺癌
          is_obsolete: false

          [Typedef]
          id: r
          """;
      default ->
          """
          {"entities":[{"id":"1","name":"a","synonyms":["b","c"],"children":[
           {"id":"2","name":"肺癌","parents":["3"]}]},{"id":"3","name":"d"}]}
          """;
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"csv", "obo", "json"})
  @Timeout(300)
  void damagedBytesGiveATreeOrOneError(String ending) throws IOException {
    byte[] sound = sound(ending).getBytes(StandardCharsets.UTF_8);
    SplittableRandom random = new SplittableRandom(SEED);
    int refused = 0;
    for (int round = 0; round < MUTATIONS; round++) {
      byte[] bytes = damaged(sound, random);
      int number = round;
      try {
        EntityTreeBuilder builder = EntityTree.builder();
        DictionaryFile.read(
            builder, "a." + ending, new ByteArrayInputStream(bytes), EntityColumns.DEFAULT);
        EntityTagger.of(builder.build()).tag("a, b 肺癌 x");
      } catch (DictionaryFormatException e) {
        assertTrue(
            String.valueOf(e.getMessage()).startsWith("a." + ending + ":"),
            () -> "seed " + SEED + ", round " + number + ": " + e.getMessage());
        refused++;
      } catch (IllegalArgumentException e) {
        assertTrue(
            String.valueOf(e.getMessage()).startsWith("entity \""),
            () -> "seed " + SEED + ", round " + number + ": " + e.getMessage());
        refused++;
      }
    }
    int some = refused;
    assertTrue(some > MUTATIONS / 5 && some < MUTATIONS, () -> some + " refused");
  }

  private static byte[] damaged(byte[] sound, SplittableRandom random) {
    byte[] bytes = sound.clone();
    switch (random.nextInt(4)) {
      case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      case 1 -> {
        int from = random.nextInt(bytes.length);
        int to = from + random.nextInt(bytes.length - from);
        byte[] twice = Arrays.copyOf(bytes, bytes.length + to - from);
        System.arraycopy(bytes, from, twice, to, bytes.length - from);
        bytes = twice;
      }
      default -> {
        for (int i = random.nextInt(3); i >= 0; i--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
      }
    }
    return bytes;
  }

  /** A head, then one piece again and again, far beyond what is taken. */
  private static final class Endless extends InputStream {
    private final byte[] head;
    private final byte[] piece;
    private long at;

    Endless(String head, String piece) {
      this.head = head.getBytes(StandardCharsets.UTF_8);
      this.piece = piece.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public int read() {
      long i = at++;
      return i < head.length ? head[(int) i] : piece[(int) ((i - head.length) % piece.length)];
    }

    @Override
    public int read(byte[] into, int offset, int length) {
      for (int i = 0; i < length; i++) {
        into[offset + i] = (byte) read();
      }
      return length;
    }
  }

  private static String endless(String name, String head, String piece) {
    return String.valueOf(
        assertThrows(
                DictionaryFormatException.class,
                () ->
                    DictionaryFile.read(
                        EntityTree.builder(),
                        name,
                        new Endless(head, piece),
                        EntityColumns.DEFAULT))
            .getMessage());
  }

  @Test
  @Timeout(60)
  void endlessPartsEndInAnError() {
    assertTrue(endless("a.csv", "id,name\n1,", "x").contains("a cell has more than"));
    assertTrue(endless("a.csv", "id,name\n1,\"", "\n").contains("a cell has more than"));
    assertTrue(endless("a.csv", "id,name\n", "a,").contains("cells in a row"));
    assertTrue(endless("a.obo", "[Term]\nid: ", "x").contains("a line has more than"));
    assertTrue(endless("a.obo", "[Term]\nid: ", "\\\n").contains("a line has more than"));
    assertTrue(endless("a.json", "[{\"id\":\"", "x").contains("String"));
    assertTrue(endless("a.json", "", "[").contains("expected an object"));
  }

  @Test
  void sameHashesAndSameNamesTakeNoLongTime() throws IOException {
    StringBuilder table = new StringBuilder("id,name\n");
    for (int i = 0; i < 60_000; i++) {
      // Strings that String.hashCode cannot tell apart.
      String id = Integer.toBinaryString(1 << 16 | i).replace("0", "Aa").replace("1", "BB");
      table.append(id).append(",same\n");
    }
    EntityTreeBuilder builder = EntityTree.builder();
    DictionaryFile.read(
        builder,
        "a.csv",
        new ByteArrayInputStream(table.toString().getBytes(StandardCharsets.UTF_8)),
        EntityColumns.DEFAULT);
    EntityTag tag = EntityTagger.of(builder.build()).tag("the same").getFirst();
    assertEquals(60_000, tag.entities().size());
  }
}

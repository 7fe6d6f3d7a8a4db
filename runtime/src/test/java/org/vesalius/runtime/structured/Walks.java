package org.vesalius.runtime.structured;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Answers that are written at random, as far as a constraint lets them. */
final class Walks {
  /** The empty one stands for a tag. */
  private static final List<String> CLOSERS =
      List.of("", "}", "]", "\"", "1", "null", "true", "a", ">", "\n");

  private Walks() {}

  /**
   * An answer that takes allowed tokens by chance and comes to an end.
   *
   * @param patience after how many tokens it prefers to close what is open
   */
  static String walk(
      OutputConstraint constraint, TokenVocabulary vocabulary, Random random, int patience) {
    OutputState state = constraint.start();
    Map<String, Integer> closers = closers(vocabulary);
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (int step = 0; ; step++) {
      boolean late = step >= patience;
      if (state.canEnd() && (late || random.nextInt(4) == 0)) {
        break;
      }
      TokenMask mask = state.mask();
      if (mask.count() == 0) {
        assertTrue(state.canEnd(), "nothing is allowed, and not the end, after " + text);
        assertTrue(state.mustEnd());
        break;
      }
      int id = late ? closing(mask, closers, random, step - patience) : pick(mask, random);
      assertTrue(state.allows(id));
      state.accept(id);
      text.writeBytes(Vocabularies.bytes(vocabulary, id));
      assertTrue(step < patience + 20_000, "does not come to an end: " + text);
    }
    return utf8(text.toByteArray());
  }

  static String utf8(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new AssertionError("not UTF-8: " + new String(bytes, StandardCharsets.UTF_8), e);
    }
  }

  private static int pick(TokenMask mask, Random random) {
    int[] ids = mask.ids();
    return ids[random.nextInt(ids.length)];
  }

  /** Prefers what ends strings, objects and lists, but for a while only, so as not to loop. */
  private static int closing(
      TokenMask mask, Map<String, Integer> closers, Random random, int tries) {
    if (random.nextInt(10) > 0 || tries % 200 > 190) {
      // A tag of Seed takes two tokens.
      String tag = tries % 2 == 0 ? "</parameter" : ">";
      for (String text : CLOSERS) {
        Integer id = closers.get(text.isEmpty() ? tag : text);
        if (id != null && mask.allows(id) && random.nextInt(8) > 0) {
          return id;
        }
      }
    }
    return pick(mask, random);
  }

  private static Map<String, Integer> closers(TokenVocabulary vocabulary) {
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < vocabulary.size(); id++) {
      String text = new String(Vocabularies.bytes(vocabulary, id), StandardCharsets.UTF_8);
      if (CLOSERS.contains(text) || text.equals("</parameter")) {
        ids.putIfAbsent(text, id);
      }
    }
    return ids;
  }

  /** Whether a text is accepted byte by byte and may end there. */
  static boolean accepts(OutputConstraint constraint, String text) {
    OutputState state = constraint.startWithin();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      // The ids 0 to 255 of the small vocabulary are the bytes.
      int id = b & 0xFF;
      if (!state.allows(id)) {
        return false;
      }
      state.accept(id);
    }
    return state.canEnd();
  }

  /** The mask of a state against what each token does to a copy of it. */
  static void assertExact(OutputState state, TokenVocabulary vocabulary, String where) {
    TokenMask mask = state.mask();
    int count = 0;
    for (int id = 0; id < vocabulary.size(); id++) {
      boolean accepted = state.copy().leadsOn(id);
      count += accepted ? 1 : 0;
      assertEquals(
          accepted,
          mask.allows(id),
          where
              + ": token "
              + id
              + " \""
              + new String(Vocabularies.bytes(vocabulary, id), StandardCharsets.UTF_8)
              + "\"");
    }
    assertEquals(count, mask.count(), where);
  }
}

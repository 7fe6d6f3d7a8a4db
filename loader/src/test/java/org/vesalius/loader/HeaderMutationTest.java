package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * 100,000 damaged headers: each is refused with a {@link ModelFormatException}, or it is still a
 * header whose tensors fill the data exactly. Nothing else may come out.
 */
class HeaderMutationTest {
  private static final long SEED = 20260101;
  private static final int HEADERS = 100_000;

  @Test
  void mutatedHeadersNeverEscape() {
    int refused = 0;
    for (int i = 0; i < HEADERS; i++) {
      byte[] file = HeaderMutations.file(new SplittableRandom(SEED + i));
      try {
        assertConsistent(SafetensorsBytes.parse(file));
      } catch (ModelFormatException e) {
        refused++;
        assertTrue(
            String.valueOf(e.getMessage()).startsWith("a.safetensors: "),
            () -> "seed " + SEED + " + header: " + e.getMessage());
      } catch (RuntimeException | Error e) {
        fail("seed " + (SEED + i) + ", file " + HexFormat.of().formatHex(file), e);
      }
    }
    // Neither answer may be the only one, or the mutations would test little.
    int accepted = HEADERS - refused;
    assertTrue(refused > HEADERS / 2 && accepted > HEADERS / 100, refused + " refused");
  }

  private static void assertConsistent(SafetensorsHeader header) {
    long position = 0;
    for (SafetensorsHeader.Entry entry : header.entries()) {
      assertEquals(position, entry.begin());
      long bits = entry.dtype().bitSize();
      for (long dimension : List.copyOf(entry.shape())) {
        assertTrue(dimension >= 0);
        bits = Math.multiplyExact(bits, dimension);
      }
      assertEquals(bits, Math.multiplyExact(entry.byteSize(), 8L));
      position = entry.end();
    }
    assertEquals(header.fileSize(), header.dataOffset() + position);
    assertEquals(header.entries().size(), header.names().size());
  }
}

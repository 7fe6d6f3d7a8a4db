package org.vesalius.runtime.vision.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.vesalius.runtime.vision.image.SmartResize.smartResize;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SmartResizeTest {

  @Test
  void roundsHalfToEven() {
    assertEquals(new Size(56, 56), smartResize(70, 42, 28, 1, 100_000)); // 2.5 -> 2, 1.5 -> 2
    assertEquals(new Size(112, 56), smartResize(98, 70, 28, 1, 100_000)); // 3.5 -> 4, 2.5 -> 2
  }

  @Test
  void shrinksAndGrowsIntoTheBudget() {
    assertEquals(new Size(1008, 1008), smartResize(3000, 3000, 28, 3136, 1024 * 1024));
    assertEquals(new Size(56, 56), smartResize(3, 3, 28, 3136, 1_003_520));
  }

  @Test
  void equalsTheReferenceOnATable() throws IOException {
    JsonNode rows = Goldens.resource("smart_resize.json.gz").path("rows");
    assertTrue(rows.size() > 600, "rows: " + rows.size());
    for (JsonNode row : rows) {
      check(row);
    }
  }

  @Test
  void equalsTheReferenceOnTheAssets() throws IOException {
    Path file =
        Path.of(
            System.getProperty("vesalius.assets", ""), "image-processing/golden/smart_resize.json");
    assumeTrue(Files.exists(file), "missing: " + file);
    for (JsonNode row : Goldens.JSON.readTree(file.toFile()).path("rows")) {
      check(row);
    }
  }

  private static void check(JsonNode row) {
    int height = row.get(0).asInt();
    int width = row.get(1).asInt();
    int factor = row.get(2).asInt();
    long min = row.get(3).asLong();
    long max = row.get(4).asLong();
    if (row.get(5).asInt() < 0) {
      ImageFormatException e =
          assertThrows(
              ImageFormatException.class,
              () -> smartResize(height, width, factor, min, max),
              row.toString());
      assertTrue(Goldens.message(e).contains(width + "x" + height), Goldens.message(e));
    } else {
      assertEquals(
          new Size(row.get(5).asInt(), row.get(6).asInt()),
          smartResize(height, width, factor, min, max),
          row.toString());
    }
  }

  @Test
  void refusesImpossibleArguments() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> smartResize(0, 10, 28, 1, 100));
    assertTrue(Goldens.message(e).contains("height 0, width 10, factor 28"), Goldens.message(e));
    assertThrows(IllegalArgumentException.class, () -> smartResize(10, 10, 28, 101, 100));
    assertThrows(IllegalArgumentException.class, () -> smartResize(10, 10, 28, 0, 100));
  }
}

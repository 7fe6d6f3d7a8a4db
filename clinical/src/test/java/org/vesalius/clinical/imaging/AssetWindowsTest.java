package org.vesalius.clinical.imaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.imaging.grey.Display;
import org.vesalius.clinical.imaging.grey.GreyValues;
import org.vesalius.clinical.imaging.grey.WindowChoice;

/** Values, windows and colours of real files against pydicom's. */
class AssetWindowsTest {

  /** Colours are rounded to bytes here, and were not there. */
  private static final double HALF_A_STEP = 0.5 + 1e-9;

  @Test
  void firstFramesEqualPydicom() throws IOException {
    String assets = System.getProperty("vesalius.assets", "");
    assumeTrue(!assets.isEmpty(), "needs -Dvesalius.assets=DIR: medical-images of that folder");
    int grey = 0;
    int windows = 0;
    int colours = 0;
    for (JsonNode fact : Facts.read("asset-windows.json").get("files")) {
      String name = fact.get("file").asText();
      Frame frame = DicomImage.open(Path.of(assets, "medical-images", name)).frame(0);
      if (fact.has("rgb")) {
        byte[] rgb = assertInstanceOf(ColourFrame.class, frame, name).picture().image().copyRgb();
        check(name, fact, "rgb", rgb.length, i -> rgb[i] & 0xff, HALF_A_STEP);
        colours++;
        continue;
      }
      GreyFrame greyFrame = assertInstanceOf(GreyFrame.class, frame, name);
      GreyValues values = greyFrame.values();
      check(name, fact, "measured", values.count(), values::value, 0);
      grey++;
      if (fact.get("own_window").asBoolean()) {
        Display.Grey display =
            assertInstanceOf(Display.Grey.class, greyFrame.display(WindowChoice.usual()));
        double least = fact.get("range").get(0).asDouble();
        double range = fact.get("range").get(1).asDouble() - least;
        check(
            name,
            fact,
            "shown",
            values.count(),
            i -> display.voi().apply(values.value(i)) * range + least,
            1e-11 * range);
        windows++;
      }
    }
    assertTrue(grey >= 60, "grey files: " + grey);
    assertTrue(windows >= 30, "files with windows: " + windows);
    assertTrue(colours >= 15, "colour files: " + colours);
  }

  private static void check(
      String name, JsonNode fact, String key, int count, IntToDoubleFunction value, double bound) {
    double sum = 0;
    double magnitude = 0;
    for (int i = 0; i < count; i++) {
      sum += value.applyAsDouble(i);
      magnitude += Math.abs(value.applyAsDouble(i));
    }
    // Sums of many numbers depend on their order a little.
    double rounding = 1e-12 * (1 + magnitude / count);
    assertEquals(fact.get(key + "_mean").asDouble(), sum / count, bound + rounding, name);
    fact.get(key)
        .properties()
        .forEach(sample ->
            assertEquals(
                sample.getValue().asDouble(),
                value.applyAsDouble(Integer.parseInt(sample.getKey())),
                bound,
                name + ", " + key + " of sample " + sample.getKey()));
  }
}

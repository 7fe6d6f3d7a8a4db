package org.vesalius.clinical.imaging.grey;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.imaging.Facts;

/** Tables, rescaling and windows against pydicom's. */
class WindowOracleTest {
  /** Steps of a double that two ways of writing the same formula may differ by. */
  private static final int ROUNDINGS = 8;

  @Test
  void valuesAndBrightnessEqualPydicom() throws IOException {
    int checked = 0;
    for (JsonNode fact : Facts.read("windows.json").get("cases")) {
      String name = fact.get("name").asText();
      ModalityTransform modality = modality(fact);
      VoiTransform voi = voi(fact);
      int[] stored = Facts.ints(fact.get("stored"));
      double[] measured = Facts.doubles(fact.get("measured"));
      double[] shown = Facts.doubles(fact.get("shown"));
      double least = fact.get("range").get(0).asDouble();
      double range = fact.get("range").get(1).asDouble() - least;
      for (int i = 0; i < stored.length; i++) {
        String where = name + ", stored " + stored[i];
        double value = modality.apply(stored[i]);
        assertEquals(measured[i], value, where);
        double bound =
            ROUNDINGS
                * Math.ulp(Math.max(Math.abs(least), Math.abs(least + range)))
                * conditioning(fact, value);
        assertEquals(shown[i], voi.apply(value) * range + least, bound, where);
        checked++;
      }
    }
    assertTrue(checked >= 280, "values: " + checked);
  }

  /** How many times a rounding of the value is magnified by a window that is narrow beside it. */
  private static double conditioning(JsonNode fact, double value) {
    return fact.has("width") ? 1 + Math.abs(value) / fact.get("width").asDouble() : 1;
  }

  private static ModalityTransform modality(JsonNode fact) {
    if (fact.has("modality_table")) {
      return new ModalityTransform.Table(table(fact.get("modality_table")));
    }
    return fact.has("slope")
        ? new ModalityTransform.Rescale(
            fact.get("slope").asDouble(), fact.get("intercept").asDouble())
        : new ModalityTransform.Identity();
  }

  private static VoiTransform voi(JsonNode fact) {
    return fact.has("voi_table")
        ? new VoiTransform.Table(table(fact.get("voi_table")))
        : new Window(
            fact.get("centre").asDouble(),
            fact.get("width").asDouble(),
            Window.Function.valueOf(fact.get("function").asText()));
  }

  private static LookupTable table(JsonNode table) {
    return new LookupTable(
        table.get("first").intValue(),
        table.get("bits").intValue(),
        Facts.ints(table.get("entries")));
  }

  @Test
  void threeWindowsOfCtEqualTheirPreparationInNumPy() throws IOException, NoSuchAlgorithmException {
    JsonNode fact = Facts.read("windows.json").get("ct_rgb");
    int[] units = new int[fact.get("count").intValue()];
    Arrays.setAll(units, i -> fact.get("first").intValue() + i);
    GreyValues values =
        GreyValues.ofStored(units.length, 1, units, new ModalityTransform.Identity(), Padding.NONE);
    byte[] rgb = new Display.CtRgb().picture(values).copyRgb();
    assertEquals(
        fact.get("sha256").asText(),
        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(rgb)));
  }
}

package org.vesalius.clinical.imaging;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** What other programs found out, as the scripts in {@code src/test/oracle} wrote it. */
public final class Facts {
  private Facts() {}

  /** A file of facts. */
  public static JsonNode read(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(Facts.class.getResourceAsStream(name), "no facts " + name)) {
      return new ObjectMapper().readTree(in);
    }
  }

  /** A list of numbers. */
  public static double[] doubles(JsonNode list) {
    double[] values = new double[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).asDouble();
    }
    return values;
  }

  /** A list of whole numbers. */
  public static int[] ints(JsonNode list) {
    int[] values = new int[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).intValue();
    }
    return values;
  }
}

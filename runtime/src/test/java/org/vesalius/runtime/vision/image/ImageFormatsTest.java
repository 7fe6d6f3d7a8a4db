package org.vesalius.runtime.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.vesalius.runtime.vision.image.RasterImage.Samples;

/**
 * Every variant of the formats against the pixels that transformers 5.12.1 {@code load_image} with
 * Pillow 13 gives. {@code formats.json.gz} holds the files and the pixels.
 */
class ImageFormatsTest {
  /** Pillow clips the first two to 8 bits and has a reader for the last; here they are refused. */
  private static final Set<String> REFUSED = Set.of("tiff-float32", "tiff-signed16", "pnm-p5");

  private static final double[] LUMA = {0.299, 0.587, 0.114};

  @TestFactory
  List<DynamicTest> everyVariant() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode golden : Goldens.resource("formats.json.gz").path("cases")) {
      tests.add(dynamicTest(golden.path("name").asText(), () -> check(golden)));
    }
    assertTrue(tests.size() > 120, "only " + tests.size() + " cases");
    return tests;
  }

  private static void check(JsonNode golden) {
    String name = golden.path("name").asText();
    byte[] file = Goldens.bytes(golden.path("file"));
    if (REFUSED.contains(name)) {
      ImageFormatException e =
          assertThrows(ImageFormatException.class, () -> ImageDecoder.decode(file, name));
      assertTrue(Goldens.message(e).startsWith(name + ": "), Goldens.message(e));
      return;
    }
    RasterImage image = ImageDecoder.decode(file, name);
    assertEquals(golden.path("width").asInt(), image.width(), "width");
    assertEquals(golden.path("height").asInt(), image.height(), "height");
    if (name.equals("tiff-gray16-white-is-zero")) {
      // Pillow leaves 16-bit pictures of this kind negative (it inverts 8-bit ones); TIFF says
      // white is zero.
      char[] negative = Goldens.chars(golden.path("gray16"));
      for (int i = 0; i < negative.length; i++) {
        negative[i] = (char) (Character.MAX_VALUE - negative[i]);
      }
      assertArrayEquals(negative, image.copyGray16());
      return;
    }
    if (golden.has("gray16")) {
      assertArrayEquals(Goldens.chars(golden.path("gray16")), image.copyGray16());
      return;
    }
    byte[] expected = Goldens.bytes(golden.path("rgb"));
    if (image.samples() == Samples.GRAY16) {
      char[] gray = image.copyGray16();
      for (int i = 0; i < gray.length; i++) {
        assertEquals(expected[3 * i], (byte) (gray[i] >> 8), "high byte of sample " + i);
      }
    } else if (name.startsWith("webp-lossy")) {
      checkLossyWebp(name, expected, image.copyRgb());
    } else {
      assertArrayEquals(expected, image.copyRgb());
    }
  }

  /**
   * Lossy WebP is not equal: libwebp interpolates chroma where the Java decoder repeats it, and the
   * Java decoder's loop filter is a few levels off at the edges of macro blocks. So luma is
   * compared on the average, and all channels where colours change slowly; a wrong plane or matrix
   * is far outside of both bounds.
   */
  private static void checkLossyWebp(String name, byte[] expected, byte[] found) {
    double lumaSum = 0;
    long sum = 0;
    for (int i = 0; i < found.length; i += 3) {
      double luma = 0;
      for (int c = 0; c < 3; c++) {
        int step = (expected[i + c] & 0xff) - (found[i + c] & 0xff);
        luma += step * LUMA[c];
        sum += Math.abs(step);
      }
      lumaSum += Math.abs(luma);
    }
    assertEquals(0, lumaSum / (found.length / 3.0), 1, "mean luma steps");
    if (!name.equals("webp-lossy")) {
      assertEquals(0, (double) sum / found.length, 2, "mean steps");
    }
  }
}

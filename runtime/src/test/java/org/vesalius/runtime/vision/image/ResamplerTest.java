package org.vesalius.runtime.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Resize against Pillow 13 ({@code resample.json.gz}) and against the sum written down plainly. */
class ResamplerTest {

  @TestFactory
  List<DynamicTest> equalsPillow() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode golden : Goldens.resource("resample.json.gz").path("cases")) {
      for (Filter filter : Filter.values()) {
        String name =
            "%dx%d to %dx%d %s"
                .formatted(
                    golden.path("width").asInt(),
                    golden.path("height").asInt(),
                    golden.path("outWidth").asInt(),
                    golden.path("outHeight").asInt(),
                    filter);
        tests.add(dynamicTest(name, () -> check(golden, filter)));
      }
    }
    assertTrue(tests.size() >= 16 * 5, "only " + tests.size() + " cases");
    return tests;
  }

  private static void check(JsonNode golden, Filter filter) {
    int width = golden.path("width").asInt();
    int height = golden.path("height").asInt();
    int outWidth = golden.path("outWidth").asInt();
    int outHeight = golden.path("outHeight").asInt();
    String key = filter.name().toLowerCase(Locale.ROOT);
    byte[] rgb = Goldens.bytes(golden.path("rgb"));
    byte[] expected = Goldens.bytes(golden.path("out").path(key));
    assertArrayEquals(
        expected, Resampler.resize8(rgb, width, height, 3, outWidth, outHeight, filter), "RGB");
    assertArrayEquals(
        channel(expected, 1),
        Resampler.resize8(channel(rgb, 1), width, height, 1, outWidth, outHeight, filter),
        "gray");

    char[] gray16 = Goldens.chars(golden.path("gray16"));
    if (golden.path("outFloat").has(key)) {
      float[] floats = new float[gray16.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = gray16[i];
      }
      assertArrayEquals(
          Goldens.floats(golden.path("outFloat").path(key)),
          Resampler.resizeFloat(floats, width, height, outWidth, outHeight, filter),
          "float");
    }
    if (golden.path("outGray16").has(key)) {
      char[] rounded = Goldens.chars(golden.path("outGray16").path(key));
      float[] found = Resampler.resizeGray16(gray16, width, height, outWidth, outHeight, filter);
      for (int i = 0; i < found.length; i++) {
        // Pillow rounds to 16 bits after either pass; weights of bicubic sum to at most 1.5 in
        // magnitude.
        assertEquals(rounded[i], found[i], 0.5 * 1.5 + 0.5, "gray16 sample " + i);
      }
    }
  }

  @Test
  void bandsOfLargePicturesGiveTheSamePixels() {
    long seed = 11;
    int width = 1500;
    int height = 901;
    byte[] rgb = new byte[3 * width * height];
    new Random(seed).nextBytes(rgb);
    byte[] found = Resampler.resize8(rgb, width, height, 3, 1204, 700, Filter.BICUBIC);
    FilterTaps across = new FilterTaps(width, 1204, Filter.BICUBIC);
    FilterTaps down = new FilterTaps(height, 700, Filter.BICUBIC);
    Random pick = new Random(seed);
    for (int n = 0; n < 2000; n++) {
      int x = pick.nextInt(1204);
      int y = pick.nextInt(700);
      int c = pick.nextInt(3);
      long sum = 1 << 21;
      for (int t = 0; t < down.lengths[y]; t++) {
        int row = down.starts[y] + t;
        long inner = 1 << 21;
        for (int s = 0; s < across.lengths[x]; s++) {
          int value = rgb[3 * (row * width + across.starts[x] + s) + c] & 0xff;
          inner += (long) value * across.fixedPoint(x * across.stride + s);
        }
        sum += Math.clamp(inner >> 22, 0, 255) * (long) down.fixedPoint(y * down.stride + t);
      }
      assertEquals(
          Math.clamp(sum >> 22, 0, 255),
          found[3 * (y * 1204 + x) + c] & 0xff,
          "seed " + seed + " pixel " + n);
    }
  }

  @Test
  void sameSizeIsACopy() {
    byte[] pixels = {1, 2, 3, 4, 5, 6};
    byte[] copy = Resampler.resize8(pixels, 2, 1, 3, 2, 1, Filter.BICUBIC);
    assertArrayEquals(pixels, copy);
    assertNotSame(pixels, copy);
  }

  @Test
  void refusesArgumentsThatDoNotFit() {
    byte[] pixels = new byte[12];
    assertThrows(
        IllegalArgumentException.class,
        () -> Resampler.resize8(pixels, 2, 3, 3, 1, 1, Filter.BICUBIC));
    assertThrows(
        IllegalArgumentException.class,
        () -> Resampler.resize8(pixels, 2, 2, 3, 0, 1, Filter.BICUBIC));
    assertThrows(
        IllegalArgumentException.class,
        () -> Resampler.resize8(pixels, 2, 3, 2, 1, 1, Filter.BICUBIC));
    assertEquals(Filter.BICUBIC, Filter.ofPillowCode(3));
    IllegalArgumentException nearest =
        assertThrows(IllegalArgumentException.class, () -> Filter.ofPillowCode(0));
    assertTrue(Goldens.message(nearest).contains("found 0"), Goldens.message(nearest));
  }

  private static byte[] channel(byte[] rgb, int channel) {
    byte[] out = new byte[rgb.length / 3];
    for (int i = 0; i < out.length; i++) {
      out[i] = rgb[3 * i + channel];
    }
    return out;
  }
}

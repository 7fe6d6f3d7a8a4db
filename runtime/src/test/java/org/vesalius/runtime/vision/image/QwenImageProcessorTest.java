package org.vesalius.runtime.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.vision.QwenImages;

/** Patches against transformers: golden fixtures, goldens of the assets, and by hand. */
class QwenImageProcessorTest {
  private static final float[] CLIP_MEAN = {
    (float) 0.48145466, (float) 0.4578275, (float) 0.40821073
  };
  private static final float[] CLIP_STD = {
    (float) 0.26862954, (float) 0.26130258, (float) 0.27577711
  };
  private static final float[] HALF = {0.5f, 0.5f, 0.5f};

  /** Where the resize is equal to the bit only the last bits of float division may differ. */
  private static final float EQUAL = 1e-6f;

  private static QwenImageProcessor processor(
      int patch, long min, long max, float[] mean, float[] std) {
    return new QwenImageProcessor(patch, 2, 2, min, max, mean, std, 1 / 255d, Filter.BICUBIC);
  }

  @TestFactory
  List<DynamicTest> fixtures() throws IOException {
    Path family =
        Path.of(System.getProperty("vesalius.root", ".."), "src/test/fixtures/qwen2_5_vl");
    JsonNode config = Goldens.JSON.readTree(family.resolve("preprocessor_config.json").toFile());
    QwenImageProcessor processor =
        new QwenImageProcessor(
            config.path("patch_size").asInt(),
            config.path("temporal_patch_size").asInt(),
            config.path("merge_size").asInt(),
            config.path("min_pixels").asLong(),
            config.path("max_pixels").asLong(),
            floats(config.path("image_mean")),
            floats(config.path("image_std")),
            1 / 255d,
            Filter.BICUBIC);
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : List.of("square", "downscale", "wide_tall_two_turns")) {
      JsonNode golden = Goldens.JSON.readTree(family.resolve("cases/" + name + ".json").toFile());
      Path tensors = family.resolve("cases/" + name + ".safetensors");
      tests.add(dynamicTest(name, () -> checkCase(processor, family, golden, tensors, false)));
      tests.add(
          dynamicTest(
              name + " from the decoded PNG",
              () -> checkCase(processor, family, golden, tensors, true)));
    }
    return tests;
  }

  @TestFactory
  List<DynamicTest> fixturesOfOtherFamilies() {
    Path folder = FixedSizeImageProcessorTest.fixturesFolder();
    List<DynamicTest> tests = new ArrayList<>();
    for (String family : List.of("qwen2_vl", "qwen3_vl", "qwen3_vl_moe")) {
      for (String name : List.of("square", "downscale", "wide_tall_two_turns")) {
        Path golden = folder.resolve(family + "/cases/" + name + ".json");
        tests.add(
            dynamicTest(
                family + " " + name,
                () -> {
                  assumeTrue(Files.exists(golden), "missing: fixture " + family + " " + name);
                  Path root = folder.resolve(family);
                  checkCase(
                      QwenImages.processor(PreprocessorConfig.read(root)),
                      root,
                      Goldens.JSON.readTree(golden.toFile()),
                      golden.resolveSibling(name + ".safetensors"),
                      false);
                }));
      }
    }
    return tests;
  }

  private static void checkCase(
      QwenImageProcessor processor, Path family, JsonNode golden, Path tensors, boolean decoded)
      throws IOException {
    float[] expected = Goldens.tensor(tensors, "pixel_values_pil");
    JsonNode grids = golden.path("image_grid_thw");
    assertTrue(grids.size() > 0, "no image in " + tensors);
    int offset = 0;
    for (int i = 0; i < grids.size(); i++) {
      String file = golden.path("images").get(i).path("file").asText();
      String read = decoded ? file.replace(".jpg", ".decoded.png") : file;
      RasterImage image = ImageDecoder.read(family.resolve(read));
      ImagePatches patches = processor.process(image);
      Grid grid = processor.grid(image.width(), image.height());
      assertEquals(
          List.of(
              grids.get(i).get(0).asInt(),
              grids.get(i).get(1).asInt(),
              grids.get(i).get(2).asInt()),
          List.of(patches.gridT(), patches.gridH(), patches.gridW()),
          file);
      assertEquals(patches.patches(), grid.patches(), file);
      assertClose(
          Arrays.copyOfRange(expected, offset, offset + patches.values().length),
          patches.values(),
          file);
      offset += patches.values().length;
    }
    assertEquals(expected.length, offset);
  }

  @TestFactory
  List<DynamicTest> assets() throws IOException {
    Path folder = Path.of(System.getProperty("vesalius.assets", ""), "image-processing");
    Path index = folder.resolve("golden/golden.json");
    if (!Files.exists(index)) {
      return List.of(dynamicTest("assets", () -> assumeTrue(false, "missing: " + index)));
    }
    QwenImageProcessor qwen2 = processor(14, 3136, 50176, CLIP_MEAN, CLIP_STD);
    QwenImageProcessor qwen3 = processor(16, 4096, 50176, HALF, HALF);
    List<DynamicTest> tests = new ArrayList<>();
    Goldens.JSON
        .readTree(index.toFile())
        .path("images")
        .properties()
        .forEach(entry -> {
          Path image = folder.resolve("images").resolve(entry.getKey());
          JsonNode golden = entry.getValue();
          String name = entry.getKey();
          tests.add(
              dynamicTest(
                  name + " qwen2vl", () -> checkAsset(qwen2, image, golden, "qwen2vl_p14")));
          tests.add(
              dynamicTest(
                  name + " qwen3vl", () -> checkAsset(qwen3, image, golden, "qwen3vl_p16")));
        });
    assertEquals(12, tests.size());
    return tests;
  }

  /** Every golden has a sum; most have the tensor too. */
  private static void checkAsset(
      QwenImageProcessor processor, Path image, JsonNode golden, String key) throws IOException {
    ImagePatches patches = processor.process(ImageDecoder.read(image));
    JsonNode grid = golden.path(key).path("grid").get(0);
    assertEquals(grid.get(1).asInt(), patches.gridH());
    assertEquals(grid.get(2).asInt(), patches.gridW());
    double sum = 0;
    for (float value : patches.values()) {
      sum += value;
    }
    assertEquals(
        golden.path(key).path("sum_f64").asDouble(), sum, patches.values().length * 1e-7, "sum");
    Path tensors =
        image.resolveSibling("../golden/" + image.getFileName() + ".golden.safetensors.gz");
    if (Files.exists(tensors)) {
      assertClose(Goldens.tensor(tensors, key + ".pixel_values"), patches.values(), key);
    }
  }

  private static void assertClose(float[] expected, float[] found, String what) {
    assertEquals(expected.length, found.length, what);
    int differing = 0;
    float worst = 0;
    for (int i = 0; i < expected.length; i++) {
      float difference = Math.abs(expected[i] - found[i]);
      worst = Math.max(worst, difference);
      if (difference > EQUAL) {
        differing++;
      }
    }
    assertEquals(
        0, differing, what + ": values that differ, of " + expected.length + ", worst " + worst);
  }

  @Test
  void patchesAreInMergeBlockOrder() {
    // 8x4 pixels, patch 2, merge 2: two blocks of four patches. Value = 16 * row + column.
    byte[] gray = new byte[32];
    for (int i = 0; i < 32; i++) {
      gray[i] = (byte) (16 * (i / 8) + i % 8);
    }
    QwenImageProcessor processor =
        new QwenImageProcessor(
            2, 2, 2, 1, 1000, new float[3], new float[] {1, 2, 4}, 1, Filter.BICUBIC);
    ImagePatches patches = processor.process(RasterImage.ofGray8(8, 4, gray));
    assertEquals(List.of(1, 2, 4), List.of(patches.gridT(), patches.gridH(), patches.gridW()));
    float[] first = {0, 1, 16, 17, 0, 1, 16, 17};
    float[] row0 = new float[24];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < 8; i++) {
        row0[8 * c + i] = first[i] / (1 << c);
      }
    }
    assertArrayEquals(row0, Arrays.copyOf(patches.values(), 24));
    int[] topLeft = {0, 2, 32, 34, 4, 6, 36, 38};
    for (int p = 0; p < 8; p++) {
      assertEquals(topLeft[p], patches.values()[24 * p], "patch " + p);
    }
  }

  @Test
  void grayEqualsRgbWithThreeEqualChannels() {
    long seed = 5;
    byte[] gray = new byte[97 * 61];
    new Random(seed).nextBytes(gray);
    RasterImage one = RasterImage.ofGray8(97, 61, gray);
    RasterImage three = RasterImage.ofRgb(97, 61, one.copyRgb());
    QwenImageProcessor processor = processor(14, 3136, 7840, CLIP_MEAN, CLIP_STD);
    assertArrayEquals(
        processor.process(three).values(), processor.process(one).values(), "seed " + seed);
  }

  @Test
  void gray16KeepsItsDepth() {
    long seed = 6;
    Random random = new Random(seed);
    byte[] coarse = new byte[60 * 60];
    char[] same = new char[60 * 60];
    for (int i = 0; i < coarse.length; i++) {
      coarse[i] = (byte) random.nextInt(256);
      same[i] = (char) ((coarse[i] & 0xff) * 257);
    }
    QwenImageProcessor processor = processor(14, 3136, 3136, HALF, HALF);
    float[] eight = processor.process(RasterImage.ofGray8(60, 60, coarse)).values();
    float[] sixteen = processor.process(RasterImage.ofGray16(60, 60, same)).values();
    float step = 1 / 255f / 0.5f;
    for (int i = 0; i < eight.length; i++) {
      // 8 bits round after each of two passes; bicubic weights sum to at most 1.5 in magnitude.
      assertEquals(eight[i], sixteen[i], 1.25f * step + EQUAL, "seed " + seed + " value " + i);
    }
    // Values 1/65535 apart, lost at 8 bits, stay apart.
    char[] fine = new char[56 * 56];
    Arrays.fill(fine, (char) 30_000);
    fine[0] = 30_001;
    float[] values = processor.process(RasterImage.ofGray16(56, 56, fine)).values();
    assertEquals((30_000 / 65535f - 0.5f) / 0.5f, values[1], EQUAL);
    assertEquals(1 / 65535f / 0.5f, values[0] - values[1], EQUAL / 10);
  }

  @Test
  void gridNeedsNoPixels() {
    QwenImageProcessor processor = processor(14, 3136, 12_845_056, CLIP_MEAN, CLIP_STD);
    Grid grid = processor.grid(3000, 3000);
    assertEquals(new Grid(1, 214, 214, 2996, 2996), grid);
    assertEquals(11_449, grid.tokens(2));
    ImageFormatException e =
        assertThrows(ImageFormatException.class, () -> processor.grid(20_100, 100));
    assertTrue(Goldens.message(e).contains("20100x100"), Goldens.message(e));
  }

  @Test
  void refusesBadConfiguration() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> processor(14, 100, 50, CLIP_MEAN, CLIP_STD));
    assertTrue(Goldens.message(e).contains("found 100 and 50"), Goldens.message(e));
    assertThrows(IllegalArgumentException.class, () -> processor(0, 1, 50, CLIP_MEAN, CLIP_STD));
    assertThrows(
        IllegalArgumentException.class, () -> processor(14, 1, 50, new float[2], CLIP_STD));
    assertThrows(
        IllegalArgumentException.class, () -> processor(14, 1, 50, CLIP_MEAN, new float[3]));
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }
}

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
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.vision.FixedSizeImages;
import org.vesalius.runtime.vision.Gemma3Images;
import org.vesalius.runtime.vision.image.FixedSizeImageProcessor.Resize;

/** Fixtures and goldens outside of the repository, depth, padding and refusals. */
class FixedSizeImageProcessorTest {
  private static final double[] CLIP_MEAN = {0.48145466, 0.4578275, 0.40821073};
  private static final double[] CLIP_STD = {0.26862954, 0.26130258, 0.27577711};
  private static final PixelNormalization CLIP =
      new PixelNormalization(CLIP_MEAN, CLIP_STD, 1 / 255d);

  private static FixedSizeImageProcessor squares(int side, int patch) {
    return new FixedSizeImageProcessor(
        true, new Resize.Exact(side, side), Filter.BICUBIC, Optional.empty(), CLIP, patch);
  }

  /** Beside the assets unless a property says otherwise. */
  static Path fixturesFolder() {
    String assets = System.getProperty("vesalius.assets", "");
    String beside = assets.isEmpty() ? "" : assets + "/../fixtures";
    return Path.of(System.getProperty("vesalius.fixtures", beside));
  }

  @TestFactory
  List<DynamicTest> fixtures() {
    Path folder = fixturesFolder();
    List<DynamicTest> tests = new ArrayList<>();
    for (String family : List.of("gemma3", "llava")) {
      for (String name : List.of("square", "downscale", "wide_tall_two_turns")) {
        tests.add(
            dynamicTest(
                family + " " + name,
                () -> {
                  Path file = folder.resolve(family + "/cases/" + name + ".json");
                  assumeTrue(Files.exists(file), "missing: fixture " + family + "/cases/" + name);
                  checkFixture(folder.resolve(family), name);
                }));
      }
    }
    return tests;
  }

  private static void checkFixture(Path family, String name) throws IOException {
    JsonNode golden = Goldens.JSON.readTree(family.resolve("cases/" + name + ".json").toFile());
    float[] expected =
        Goldens.tensor(family.resolve("cases/" + name + ".safetensors"), "pixel_values_pil");
    PreprocessorConfig config = PreprocessorConfig.read(family);
    boolean gemma = family.endsWith("gemma3");
    JsonNode images = golden.path("images");
    JsonNode shape = golden.path("pixel_values").path("shape");
    assertEquals(images.size(), shape.get(0).asInt());
    for (int i = 0; i < images.size(); i++) {
      RasterImage image = ImageDecoder.read(family.resolve(images.get(i).path("file").asText()));
      ImagePatches input =
          gemma
              ? Gemma3Images.processor(config, 14).process(image).getFirst()
              : FixedSizeImages.processor(config, 14).process(image);
      PatchPictures.assertShows(
          expected, i, shape.get(3).asInt(), shape.get(2).asInt(), input, 14, 1e-6f);
    }
  }

  @TestFactory
  List<DynamicTest> assets() throws IOException {
    Path folder = Path.of(System.getProperty("vesalius.assets", ""), "image-processing");
    Path index = folder.resolve("golden/golden.json");
    if (!Files.exists(index)) {
      return List.of(dynamicTest("assets", () -> assumeTrue(false, "missing: " + index)));
    }
    FixedSizeImageProcessor clip =
        new FixedSizeImageProcessor(
            false,
            new Resize.ShortestEdge(224),
            Filter.BICUBIC,
            Optional.of(new Size(224, 224)),
            CLIP,
            14);
    double[] half = {0.5, 0.5, 0.5};
    FixedSizeImageProcessor siglip =
        new FixedSizeImageProcessor(
            false,
            new Resize.Exact(224, 224),
            Filter.BILINEAR,
            Optional.empty(),
            new PixelNormalization(half, half, 1 / 255d),
            16);
    List<DynamicTest> tests = new ArrayList<>();
    Goldens.JSON
        .readTree(index.toFile())
        .path("images")
        .properties()
        .forEach(entry -> {
          Path image = folder.resolve("images").resolve(entry.getKey());
          tests.add(
              dynamicTest(
                  entry.getKey() + " clip",
                  () -> checkAsset(clip, image, entry.getValue(), "clip224", 14)));
          tests.add(
              dynamicTest(
                  entry.getKey() + " siglip",
                  () -> checkAsset(siglip, image, entry.getValue(), "siglip_gemma3_224", 16)));
        });
    assertEquals(12, tests.size());
    return tests;
  }

  /** Every golden has a sum; most have the tensor too. */
  private static void checkAsset(
      FixedSizeImageProcessor processor, Path image, JsonNode golden, String key, int patch)
      throws IOException {
    ImagePatches input = processor.process(ImageDecoder.read(image));
    double sum = 0;
    for (float value : input.values()) {
      sum += value;
    }
    assertEquals(
        golden.path(key).path("sum_f64").asDouble(), sum, input.values().length * 1e-7, "sum");
    Path tensors =
        image.resolveSibling("../golden/" + image.getFileName() + ".golden.safetensors.gz");
    if (Files.exists(tensors)) {
      float[] expected = Goldens.tensor(tensors, key + ".pixel_values");
      PatchPictures.assertShows(expected, 0, 224, 224, input, patch, 1e-6f);
    }
  }

  @Test
  void gray16EqualsEightBitsWhereNothingIsResizedAndPadsInColour() {
    long seed = 7;
    Random random = new Random(seed);
    byte[] eight = new byte[28 * 20];
    char[] sixteen = new char[eight.length];
    for (int i = 0; i < eight.length; i++) {
      eight[i] = (byte) random.nextInt(256);
      sixteen[i] = (char) ((eight[i] & 0xff) * 257);
    }
    float[] expected = squares(28, 14).process(RasterImage.ofGray8(28, 20, eight)).values();
    float[] found = squares(28, 14).process(RasterImage.ofGray16(28, 20, sixteen)).values();
    assertArrayEquals(expected, found, 1e-6f, "seed " + seed);
    // int(255 * mean) of each channel, in the first padded row.
    int[] colour = {122, 116, 104};
    for (int c = 0; c < 3; c++) {
      double value = (colour[c] / 255d - CLIP_MEAN[c]) / CLIP_STD[c];
      assertEquals(value, found[c * 196], 1e-5);
    }
    // A value between two bytes stays there.
    sixteen[0]++;
    float[] finer = squares(28, 14).process(RasterImage.ofGray16(28, 20, sixteen)).values();
    assertEquals(1 / 65535d / CLIP_STD[0], finer[4 * 14] - found[4 * 14], 1e-6);
  }

  @Test
  void gray16IsResizedCloseToEightBits() {
    long seed = 8;
    Random random = new Random(seed);
    byte[] eight = new byte[61 * 40];
    char[] sixteen = new char[eight.length];
    for (int i = 0; i < eight.length; i++) {
      eight[i] = (byte) (128 + 60 * Math.sin(i * 0.05) + random.nextInt(40));
      sixteen[i] = (char) ((eight[i] & 0xff) * 257);
    }
    FixedSizeImageProcessor processor = squares(28, 14);
    float[] expected = processor.process(RasterImage.ofGray8(61, 40, eight)).values();
    float[] found = processor.process(RasterImage.ofGray16(61, 40, sixteen)).values();
    // 8 bits round after each of two passes; bicubic weights sum to at most 1.5 in magnitude.
    float bound = (float) (1.25 / 255 / 0.26130258) + 1e-6f;
    assertArrayEquals(expected, found, bound, "seed " + seed);
  }

  @Test
  void withPadToSquareKeepsTheRest() {
    FixedSizeImageProcessor plain =
        new FixedSizeImageProcessor(
            false,
            new Resize.ShortestEdge(14),
            Filter.BICUBIC,
            Optional.of(new Size(14, 14)),
            CLIP,
            7);
    byte[] pixels = new byte[30 * 10 * 3];
    new Random(9).nextBytes(pixels);
    RasterImage image = RasterImage.ofRgb(30, 10, pixels);
    assertArrayEquals(
        new FixedSizeImageProcessor(
                true, new Resize.Exact(14, 14), Filter.BICUBIC, Optional.empty(), CLIP, 7)
            .process(image)
            .values(),
        plain.withPadToSquare().process(image).values(),
        "seed 9");
    assertEquals(new Grid(1, 2, 2, 14, 14), plain.grid());
  }

  @Test
  void refusesWhatHasNoFixedSize() {
    assertRefused("size: expected height and width", new Resize.ShortestEdge(14), null, CLIP, 7);
    assertRefused("size: expected height and width", new Resize.None(), null, CLIP, 7);
    assertRefused("patch_size: expected at most", new Resize.Exact(14, 6), null, CLIP, 7);
    assertRefused("crop_size.width", new Resize.None(), new Size(7, 0), CLIP, 7);
    assertRefused("patch_size: expected at least 1", new Resize.Exact(14, 6), null, CLIP, 0);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> new Resize.ShortestEdge(0));
    assertTrue(Goldens.message(e).contains("size.shortest_edge"), Goldens.message(e));
    PixelNormalization odd =
        new PixelNormalization(new double[] {0.5, 2, 0}, new double[] {1, 1, 1}, 1);
    FixedSizeImageProcessor processor =
        new FixedSizeImageProcessor(
            false, new Resize.Exact(7, 7), Filter.BOX, Optional.empty(), odd, 7);
    e = assertThrows(IllegalArgumentException.class, processor::withPadToSquare);
    assertTrue(Goldens.message(e).contains("padding colour, found 2.0"), Goldens.message(e));
  }

  private static void assertRefused(
      String part,
      Resize resize,
      @Nullable Size crop,
      PixelNormalization normalization,
      int patch) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new FixedSizeImageProcessor(
                    false,
                    resize,
                    Filter.BICUBIC,
                    Optional.ofNullable(crop),
                    normalization,
                    patch));
    assertTrue(Goldens.message(e).contains(part), Goldens.message(e));
  }

  @Test
  void refusesPicturesThatWouldFillTheMemory() {
    FixedSizeImageProcessor clip =
        new FixedSizeImageProcessor(
            false,
            new Resize.ShortestEdge(336),
            Filter.BICUBIC,
            Optional.of(new Size(336, 336)),
            CLIP,
            14);
    ImageFormatException e =
        assertThrows(
            ImageFormatException.class,
            () -> clip.process(RasterImage.ofGray8(20_000, 1, new byte[20_000])));
    assertTrue(
        Goldens.message(e).contains("20000x1 pixels (width x height) would become 6720000x336"),
        Goldens.message(e));
    ImageFormatException padded =
        assertThrows(
            ImageFormatException.class,
            () -> squares(28, 14).process(RasterImage.ofGray8(20_000, 1, new byte[20_000])));
    assertTrue(Goldens.message(padded).contains("20000x20000"), Goldens.message(padded));
  }

  @Test
  void panAndScanChecksItsNumbers() {
    assertThrows(IllegalArgumentException.class, () -> new PanAndScan(0, 4, 1.2));
    assertThrows(IllegalArgumentException.class, () -> new PanAndScan(1, 0, 1.2));
    assertThrows(IllegalArgumentException.class, () -> new PanAndScan(1, 4, Double.NaN));
    // Crops of 2 pixels would leave the fourth of 5 pixels empty.
    ImageFormatException e =
        assertThrows(ImageFormatException.class, () -> new PanAndScan(1, 4, 1.2).crops(5, 1));
    assertTrue(Goldens.message(e).contains("5x1"), Goldens.message(e));
    assertEquals(List.of(), PanAndScan.GEMMA3.crops(1000, 900));
    assertEquals(
        List.of(new PanAndScan.Crop(0, 0, 1000, 501), new PanAndScan.Crop(0, 501, 1000, 500)),
        new PanAndScan(256, 4, 1).crops(1000, 1001));
  }

  @Test
  void tilesMustBeWhole() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new TiledImageProcessor(14, Filter.BICUBIC, List.of(new Size(28, 20)), CLIP, 7));
    assertTrue(Goldens.message(e).contains("found [28, 20]"), Goldens.message(e));
    assertThrows(
        IllegalArgumentException.class,
        () -> new TiledImageProcessor(14, Filter.BICUBIC, List.of(), CLIP, 7));
  }
}

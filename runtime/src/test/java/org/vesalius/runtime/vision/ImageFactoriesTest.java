package org.vesalius.runtime.vision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.loader.VideoPreprocessorConfig;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.vision.image.Grid;
import org.vesalius.runtime.vision.image.ImageFormatException;
import org.vesalius.runtime.vision.image.ImagePatches;
import org.vesalius.runtime.vision.image.PanAndScan;
import org.vesalius.runtime.vision.image.QwenImageProcessor;
import org.vesalius.runtime.vision.image.RasterImage;
import org.vesalius.runtime.vision.image.Size;
import org.vesalius.runtime.vision.image.TiledImageProcessor;

/** What the factories read and what they refuse by name. */
class ImageFactoriesTest {
  private static final String SEED = ",'image_mean':[0.5,0.5,0.5],'image_std':[0.5,0.5,0.5]";

  private static ConfigNode node(String json) {
    return ConfigNode.parse(
        json.replace('\'', '"').getBytes(StandardCharsets.UTF_8),
        Path.of("preprocessor_config.json"));
  }

  private static PreprocessorConfig config(String type, String keys) {
    return PreprocessorConfig.of(node("{'image_processor_type':'" + type + "'" + keys + "}"));
  }

  private static void assertRefused(String part, Runnable factory) {
    UnsupportedModelException e = assertThrows(UnsupportedModelException.class, factory::run);
    String message = Objects.requireNonNull(e.getMessage());
    assertTrue(message.contains("preprocessor_config.json"), message);
    assertTrue(message.contains(part), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CLIPImageProcessor   | ,'do_rescale':false        | do_rescale: found false",
        "CLIPImageProcessor   | ,'do_normalize':null       | do_normalize: found false",
        "CLIPImageProcessor   | ,'resample':0              | resample: expected 1 (lanczos)",
        "CLIPImageProcessor   | ,'do_pad':true             | do_pad: found true for CLIPImageProcessor",
        "CLIPImageProcessor   | ,'use_square_size':true    | use_square_size",
        "CLIPImageProcessor   | ,'do_center_crop':false    | size: expected height and width, or a center crop",
        "CLIPImageProcessor   | ,'crop_size':{'height':3}  | crop_size: found height 3",
        "CLIPImageProcessor   | ,'size':{'shortest_edge':9,'longest_edge':12} | size: found shortest_edge 9 longest_edge 12",
        "CLIPImageProcessor   | ,'size':{'shortest_edge':9,'height':9,'width':9} | size: found height 9 width 9 shortest_edge 9",
        "CLIPImageProcessor   | ,'size':{'max_height':9,'max_width':9} | size: found none of its known keys",
        "CLIPImageProcessor   | ,'size':{'height':9}       | size: found height 9",
        "CLIPImageProcessor   | ,'size':0                  | size.shortest_edge: expected at least 1, found 0",
        "CLIPImageProcessor   | ,'image_mean':[0.5],'image_std':[0.5] | image_mean: expected 3 values",
        "CLIPImageProcessor   | ,'rescale_factor':0        | rescale_factor",
        "SiglipImageProcessor | ,'size':384                | size: expected height and width",
        "SiglipImageProcessor | ,'size':{'height':9,'width':9} | patch_size: expected at most the 9x9",
        "Gemma3ImageProcessor | ``                         | image_processor_type: found Gemma3ImageProcessor",
      })
  void refusedForFixedSizes(String type, String keys, String part) {
    assertRefused(part, () -> FixedSizeImages.processor(config(type, keys), 14));
  }

  @Test
  void fixedSizesOfDefaultsAndBackEnds() {
    Grid clip = FixedSizeImages.processor(config("CLIPImageProcessorFast", ""), 14).grid();
    assertEquals(new Grid(1, 16, 16, 224, 224), clip);
    assertEquals(clip, FixedSizeImages.processor(config("SiglipImageProcessorPil", ""), 14).grid());
    assertEquals(
        new Grid(1, 27, 27, 384, 384),
        FixedSizeImages.processor(
                config("SiglipImageProcessor", ",'size':{'height':384,'width':384}"), 14)
            .grid());
  }

  @Test
  void llavaPadsWhereItsFileSaysSo() {
    byte[] pixels = new byte[20 * 10];
    RasterImage image = RasterImage.ofGray8(20, 10, pixels);
    PreprocessorConfig padded = config("LlavaImageProcessor", ",'do_pad':true,'do_resize':true");
    ImagePatches patches = FixedSizeImages.processor(padded, 14).process(image);
    assertArrayEquals(new double[] {0, -5}, patches.transform().toSource(0, 0));
    PreprocessorConfig plain = config("LlavaImageProcessor", ",'do_pad':null");
    ImagePatches cropped = FixedSizeImages.processor(plain, 14).process(image);
    assertArrayEquals(new double[] {5, 0}, cropped.transform().toSource(0, 0));
    assertArrayEquals(
        new double[] {0, -5},
        FixedSizeImages.processor(plain, 14)
            .withPadToSquare()
            .process(image)
            .transform()
            .toSource(0, 0));
  }

  @Test
  void aspectRatioOfTheOriginalLayout() {
    assertTrue(FixedSizeImages.padsToSquare(node("{'image_aspect_ratio':'pad'}")));
    assertFalse(FixedSizeImages.padsToSquare(node("{'image_aspect_ratio':'square'}")));
    assertFalse(FixedSizeImages.padsToSquare(node("{'image_aspect_ratio':null}")));
    assertRefused(
        "image_aspect_ratio: found anyres",
        () -> FixedSizeImages.padsToSquare(node("{'image_aspect_ratio':'anyres'}")));
  }

  @Test
  void gemma3() {
    PreprocessorConfig config =
        config("Gemma3ImageProcessor", ",'do_pan_and_scan':true,'pan_and_scan_min_crop_size':10");
    assertEquals(List.of(), Gemma3Images.processor(config, 14).crops(100, 20));
    assertEquals(Optional.of(new PanAndScan(10, 4, 1.2)), Gemma3Images.panAndScan(config));
    assertEquals(
        Optional.empty(),
        Gemma3Images.panAndScan(config("Gemma3ImageProcessor", ",'do_pan_and_scan':null")));
    for (String key : List.of("do_center_crop", "do_pad")) {
      assertRefused(
          key + ": found true",
          () ->
              Gemma3Images.processor(
                  config("Gemma3ImageProcessor", ",'" + key + "':true,'crop_size':9"), 14));
    }
    assertRefused(
        "pan_and_scan_max_num_crops",
        () ->
            Gemma3Images.panAndScan(
                config(
                    "Gemma3ImageProcessor",
                    ",'do_pan_and_scan':true,'pan_and_scan_max_num_crops':0")));
    assertRefused(
        "image_processor_type",
        () -> Gemma3Images.processor(config("SiglipImageProcessor", ""), 14));
  }

  @Test
  void llavaNext() {
    String type = "LlavaNextImageProcessor";
    String size = ",'size':{'shortest_edge':336},'crop_size':{'height':336,'width':336}";
    TiledImageProcessor processor = LlavaNextImages.processor(config(type, size), 14);
    assertEquals(5, processor.resolutions().size());
    assertEquals(new Size(1008, 336), processor.resolutions().get(3));
    Consumer<String> factory = keys -> LlavaNextImages.processor(config(type, keys), 14);
    assertRefused("crop_size", () -> factory.accept(",'size':336"));
    assertRefused("size", () -> factory.accept(",'size':{'height':336,'width':224}"));
    assertRefused("do_resize", () -> factory.accept(size + ",'do_resize':false"));
    assertRefused(
        "image_grid_pinpoints: expected multiples",
        () -> factory.accept(size + ",'image_grid_pinpoints':[[336,400]]"));
    assertRefused(
        "image_grid_pinpoints: expected at least one",
        () -> factory.accept(size + ",'image_grid_pinpoints':[]"));
    ModelFormatException e =
        assertThrows(
            ModelFormatException.class,
            () -> factory.accept(size + ",'image_grid_pinpoints':[[336]]"));
    assertTrue(String.valueOf(e.getMessage()).contains("pairs of height and width"));
  }

  @Test
  void seedIsQwenWithPatchesOfOneFrame() {
    QwenImageProcessor seed = SeedImages.processor(config("SeedImageProcessor", SEED));
    assertEquals(4 * 28 * 28, seed.minPixels());
    assertEquals(5120 * 28 * 28, seed.maxPixels());
    ImagePatches patches = seed.process(RasterImage.ofGray8(60, 60, new byte[3600]));
    assertEquals(List.of(1, 4, 4), List.of(patches.gridT(), patches.gridH(), patches.gridW()));
    assertEquals(16 * 3 * 14 * 14, patches.values().length);
    assertThrows(ImageFormatException.class, () -> seed.grid(2010, 10));
    assertEquals(new Grid(1, 2, 58, 812, 28), seed.grid(2000, 10), "200 times as long as high");
    assertRefused(
        "temporal_patch_size: found 2",
        () ->
            SeedImages.processor(config("SeedImageProcessor", SEED + ",'temporal_patch_size':2")));
    assertRefused(
        "image_processor_type", () -> SeedImages.processor(config("Qwen2VLImageProcessor", "")));
  }

  @Test
  void qwenBoundsOfARequest() {
    QwenImageProcessor processor = QwenImages.processor(config("Qwen2VLImageProcessor", ""));
    assertEquals(3136, processor.minPixels());
    QwenImageProcessor small = processor.withPixelBounds(784, 50_176);
    assertTrue(small.grid(1000, 1000).patches() <= 256);
    assertEquals(new Grid(1, 2, 2, 28, 28), small.grid(28, 28));
    assertEquals(new Grid(1, 4, 4, 56, 56), processor.grid(28, 28));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> processor.withPixelBounds(10, 5));
    assertTrue(Objects.requireNonNull(e.getMessage()).contains("found 10 and 5"));
    assertRefused(
        "do_resize",
        () -> QwenImages.processor(config("Qwen2VLImageProcessor", ",'do_resize':false")));
    assertRefused(
        "min_pixels",
        () ->
            QwenImages.processor(
                config("Qwen2VLImageProcessor", ",'min_pixels':9,'max_pixels':8")));
  }

  @Test
  void framesOfVideos() {
    QwenImageProcessor qwen2 =
        QwenImages.videoProcessor(VideoPreprocessorConfig.of(node("{}"), "Qwen2VLVideoProcessor"));
    QwenImageProcessor qwen3 =
        QwenImages.videoProcessor(VideoPreprocessorConfig.of(node("{}"), "Qwen3VLVideoProcessor"));
    assertEquals(3, qwen2.grid(5, 640, 480).t());
    // The budget of Qwen2 is for each frame, that of Qwen3 for all.
    assertEquals(qwen2.grid(2, 640, 480).h(), qwen2.grid(200, 640, 480).h());
    assertTrue(qwen3.grid(200, 640, 480).h() < qwen3.grid(2, 640, 480).h());
    RasterImage frame = RasterImage.ofGray8(64, 64, new byte[4096]);
    ImageFormatException e =
        assertThrows(
            ImageFormatException.class,
            () ->
                qwen3.processFrames(
                    List.of(frame, RasterImage.ofGray8(64, 60, new byte[64 * 60]))));
    assertTrue(
        Objects.requireNonNull(e.getMessage())
            .contains("frame 1 of a video: expected 64x64 pixels as frame 0 has, found 64x60"));
    assertThrows(IllegalArgumentException.class, () -> qwen3.processFrames(List.of()));
    assertThrows(IllegalArgumentException.class, () -> qwen3.grid(0, 64, 64));
    ImageFormatException tiny =
        assertThrows(ImageFormatException.class, () -> qwen3.grid(2, 31, 64));
    assertTrue(Objects.requireNonNull(tiny.getMessage()).contains("at least 32 on each side"));
    assertRefused(
        "do_resize",
        () ->
            QwenImages.videoProcessor(
                VideoPreprocessorConfig.of(node("{'do_resize':false}"), "Qwen3VLVideoProcessor")));
  }
}

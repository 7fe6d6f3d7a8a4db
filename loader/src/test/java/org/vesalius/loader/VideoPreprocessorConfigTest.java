package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vesalius.loader.ConfigNodeTest.json;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Defaults were read from the classes of transformers 5.12.1. */
class VideoPreprocessorConfigTest {
  private static final String QWEN2 = "Qwen2VLVideoProcessor";
  private static final String QWEN3 = "Qwen3VLVideoProcessor";
  @TempDir Path directory = Path.of("");

  private static void assertRefused(String config, String type, String part) {
    ModelFormatException e =
        assertThrows(
            ModelFormatException.class, () -> VideoPreprocessorConfig.of(json(config), type));
    assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
  }

  @Test
  void defaultsOfTheClasses() {
    VideoPreprocessorConfig qwen2 = VideoPreprocessorConfig.of(json("{}"), QWEN2);
    assertEquals(
        List.of(128 * 28 * 28, 28 * 28 * 768, 14, 2, 2, 3),
        List.of(
            qwen2.minPixels(),
            qwen2.maxPixels(),
            qwen2.patchSize(),
            qwen2.temporalPatchSize(),
            qwen2.mergeSize(),
            qwen2.resample()));
    assertArrayEquals(new double[] {0.48145466, 0.4578275, 0.40821073}, qwen2.mean());
    VideoPreprocessorConfig qwen3 = VideoPreprocessorConfig.of(json("{}"), QWEN3);
    assertEquals(
        List.of(128 * 32 * 32, 32 * 32 * 768, 16),
        List.of(qwen3.minPixels(), qwen3.maxPixels(), qwen3.patchSize()));
    assertArrayEquals(new double[] {0.5, 0.5, 0.5}, qwen3.std());
    assertEquals(1.0 / 255, qwen3.rescaleFactor());
    assertTrue(qwen3.doResize() && qwen3.doRescale() && qwen3.doNormalize());
  }

  @Test
  void formerKeysWinForQwen2Only() {
    String config =
        "{'size':{'shortest_edge':10,'longest_edge':20},'min_pixels':30,'max_pixels':40}";
    assertEquals(30, VideoPreprocessorConfig.of(json(config), QWEN2).minPixels());
    assertEquals(40, VideoPreprocessorConfig.of(json(config), QWEN2).maxPixels());
    assertEquals(10, VideoPreprocessorConfig.of(json(config), QWEN3).minPixels());
    assertEquals(20, VideoPreprocessorConfig.of(json(config), QWEN3).maxPixels());
  }

  @Test
  void refusals() {
    assertRefused("{'video_processor_type':'Other'}", QWEN2, "found Other");
    assertRefused("{'size':{'shortest_edge':1}}", QWEN3, "size.longest_edge");
    assertRefused("{'size':{'shortest_edge':0,'longest_edge':2}}", QWEN3, "a positive area");
    assertRefused("{'patch_size':0}", QWEN3, "a positive integer");
    assertRefused("{'image_std':[0,1,1]}", QWEN3, "no zero");
  }

  @Test
  void filesInTheirOrder() {
    assertEquals(Optional.empty(), VideoPreprocessorConfig.readOptional(directory, QWEN2));
    SafetensorsBytes.write(
        directory.resolve("preprocessor_config.json"),
        "{\"image_processor_type\":\"Qwen2VLImageProcessor\",\"min_pixels\":1,\"max_pixels\":9}");
    assertEquals(1, read().minPixels());
    assertEquals(QWEN2, read().videoProcessorType());
    SafetensorsBytes.write(
        directory.resolve("video_preprocessor_config.json"),
        "{\"video_processor_type\":\"" + QWEN3 + "\",\"patch_size\":7}");
    assertEquals(7, read().patchSize());
    assertEquals(QWEN3, read().videoProcessorType());
    SafetensorsBytes.write(
        directory.resolve("processor_config.json"), "{\"video_processor\":{\"patch_size\":5}}");
    assertEquals(5, read().patchSize());
    assertEquals("video_processor", read().raw().path());
  }

  private VideoPreprocessorConfig read() {
    return VideoPreprocessorConfig.readOptional(directory, QWEN2).orElseThrow();
  }

  @Test
  void picturesOfSeedAndLlavaNext() {
    PreprocessorConfig seed =
        PreprocessorConfig.of(
            json("{'image_processor_type':'SeedImageProcessor','image_mean':[0],'image_std':[1]}"));
    assertEquals(OptionalInt.of(1), seed.temporalPatchSize());
    assertEquals(OptionalInt.of(5120 * 784), seed.maxPixels());
    assertEquals(2, seed.resample());
    ModelFormatException e =
        assertThrows(
            ModelFormatException.class,
            () -> PreprocessorConfig.of(json("{'image_processor_type':'SeedImageProcessor'}")));
    assertTrue(String.valueOf(e.getMessage()).contains("image_mean"), e.getMessage());
    PreprocessorConfig next =
        PreprocessorConfig.of(
            json(
                "{'image_processor_type':'LlavaNextImageProcessor','image_grid_pinpoints':[[1,2],[3]]}"));
    assertEquals(OptionalInt.of(224), next.size().shortestEdge());
    assertEquals(List.of(List.of(1, 2), List.of(3)), next.raw().intLists("image_grid_pinpoints"));
    assertTrue(message("{'p':[[1],3]}").contains("\"p[1]\": expected a list of integers, found 3"));
    assertTrue(message("{'p':[[1,0.5]]}").contains("\"p[0][1]\": expected an integer"));
  }

  private static String message(String config) {
    return String.valueOf(
        assertThrows(ModelFormatException.class, () -> json(config).intLists("p")).getMessage());
  }
}

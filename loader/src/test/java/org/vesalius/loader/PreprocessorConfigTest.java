package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vesalius.loader.ConfigNodeTest.json;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Forms found in public files; defaults were read from the classes of transformers 5.12.1. */
class PreprocessorConfigTest {
  @TempDir Path directory = Path.of("");

  private static PreprocessorConfig config(String type, String keys) {
    return PreprocessorConfig.of(json("{'image_processor_type':'" + type + "'" + keys + "}"));
  }

  private static void assertRefused(String type, String keys, String part) {
    ModelFormatException e = assertThrows(ModelFormatException.class, () -> config(type, keys));
    assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
  }

  @Test
  void readsTheFixture() {
    PreprocessorConfig config =
        PreprocessorConfig.read(FixtureCheckpointTest.fixture("qwen2_5_vl"));
    assertEquals("Qwen2VLImageProcessor", config.imageProcessorType());
    assertEquals(OptionalInt.of(3136), config.minPixels());
    assertEquals(OptionalInt.of(7840), config.maxPixels());
    assertEquals(OptionalInt.of(14), config.patchSize());
    assertEquals(OptionalInt.of(2), config.temporalPatchSize());
    assertEquals(OptionalInt.of(2), config.mergeSize());
    assertArrayEquals(new double[] {0.48145466, 0.4578275, 0.40821073}, config.mean());
    assertArrayEquals(new double[] {0.26862954, 0.26130258, 0.27577711}, config.std());
    assertEquals(3, config.resample());
    assertEquals(1.0 / 255, config.rescaleFactor());
    assertTrue(config.doResize() && config.doRescale() && config.doNormalize());
    assertTrue(config.doConvertRgb());
    assertFalse(config.doCenterCrop());
    assertEquals("Qwen2_5_VLProcessor", config.raw().string("processor_class"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "                                                          | 3136 | 1003520",
        ",'min_pixels':10                                          | 10   | 1003520",
        ",'size':{'shortest_edge':4096,'longest_edge':8192}        | 4096 | 8192",
        ",'size':{'shortest_edge':1,'longest_edge':2},'min_pixels':10,'max_pixels':20 | 10 | 20",
        ",'size':{'shortest_edge':1},'max_pixels':20               | 1    | 20",
        ",'size':{'min_pixels':1,'max_pixels':2},'min_pixels':3,'max_pixels':4 | 3 | 4",
      })
  void areasOfQwen2VlInEveryForm(String keys, int min, int max) {
    for (String type : new String[] {"Qwen2VLImageProcessor", "Qwen2VLImageProcessorFast"}) {
      PreprocessorConfig config = config(type, keys == null ? "" : keys);
      assertEquals(OptionalInt.of(min), config.minPixels());
      assertEquals(OptionalInt.of(max), config.maxPixels());
      assertEquals(ImageSize.edges(OptionalInt.of(min), OptionalInt.of(max)), config.size());
    }
  }

  @Test
  void areasOfQwen2VlThatAreMissing() {
    assertRefused(
        "Qwen2VLImageProcessor",
        ",'size':{'shortest_edge':1}",
        "key \"size.longest_edge\": expected it, or min_pixels and max_pixels");
    assertRefused(
        "Qwen2VLImageProcessor", ",'size':{'min_pixels':1,'max_pixels':2}", "size.shortest_edge");
    assertRefused("Qwen2VLImageProcessor", ",'min_pixels':0", "a positive area, found 0");
  }

  @Test
  void clipHasAnEdgeAndACrop() {
    PreprocessorConfig config = config("CLIPImageProcessor", ",'size':336,'crop_size':336");
    assertEquals(ImageSize.edges(OptionalInt.of(336), OptionalInt.empty()), config.size());
    assertEquals(ImageSize.rectangle(336, 336), config.cropSize());
    assertTrue(config.doCenterCrop());
    assertEquals(3, config.resample());
    assertEquals(OptionalInt.empty(), config.minPixels());
    PreprocessorConfig objects =
        config(
            "CLIPImageProcessor",
            ",'size':{'shortest_edge':56},'crop_size':{'height':56,'width':56}");
    assertEquals(OptionalInt.of(56), objects.size().shortestEdge());
    assertEquals(ImageSize.rectangle(56, 56), objects.cropSize());
    assertEquals(
        ImageSize.edges(OptionalInt.of(224), OptionalInt.empty()),
        config("CLIPImageProcessor", "").size());
  }

  @Test
  void gemma3IsASquareAndBilinear() {
    PreprocessorConfig config = config("Gemma3ImageProcessor", ",'size':84,'do_convert_rgb':null");
    assertEquals(ImageSize.rectangle(84, 84), config.size());
    assertEquals(2, config.resample());
    assertFalse(config.doConvertRgb());
    assertFalse(config.doCenterCrop());
    assertArrayEquals(new double[] {0.5, 0.5, 0.5}, config.mean());
    assertEquals(
        ImageSize.edges(OptionalInt.of(84), OptionalInt.empty()),
        config("SiglipImageProcessor", ",'size':84").size());
  }

  @Test
  void unknownClassMustSayEverything() {
    String rest = ",'resample':3,'image_mean':[0.5],'image_std':[0.5]";
    assertEquals(3, config("HuluImageProcessor", rest).resample());
    assertEquals(OptionalInt.empty(), config("HuluImageProcessor", rest).patchSize());
    assertTrue(config("HuluImageProcessor", rest).size().isEmpty());
    assertRefused("HuluImageProcessor", "", "key \"image_mean\": expected a list of numbers");
    assertRefused(
        "HuluImageProcessor", ",'image_mean':[0.5],'image_std':[0.5]", "key \"resample\"");
    assertRefused("HuluImageProcessor", rest + ",'size':224", "not a known class, found a number");
  }

  @Test
  void valuesOutOfRange() {
    assertRefused("CLIPImageProcessor", ",'resample':6", "a filter of Pillow, 0 to 5, found 6");
    assertRefused("CLIPImageProcessor", ",'resample':null", "a value, or no such key, found null");
    assertRefused("CLIPImageProcessor", ",'image_std':[1,0,1]", "no zero, found a zero");
    assertRefused("CLIPImageProcessor", ",'image_std':[1]", "3 numbers, as image_mean has");
    assertRefused("CLIPImageProcessor", ",'image_mean':null", "key \"image_mean\"");
    assertRefused("CLIPImageProcessor", ",'do_resize':1", "true or false, found 1");
    assertRefused("Qwen2VLImageProcessor", ",'patch_size':0", "a positive integer, found 0");
  }

  @Test
  void nestedObjectWinsOverTheFile() {
    SafetensorsBytes.write(
        directory.resolve("preprocessor_config.json"),
        "{\"image_processor_type\":\"CLIPImageProcessor\",\"resample\":2}");
    assertEquals(2, PreprocessorConfig.read(directory).resample());
    SafetensorsBytes.write(directory.resolve("processor_config.json"), "{\"image_seq_length\":9}");
    assertEquals(2, PreprocessorConfig.read(directory).resample());
    SafetensorsBytes.write(
        directory.resolve("processor_config.json"),
        "{\"image_processor\":{\"image_processor_type\":\"CLIPImageProcessor\",\"resample\":1}}");
    PreprocessorConfig nested = PreprocessorConfig.read(directory);
    assertEquals(1, nested.resample());
    assertEquals("image_processor", nested.raw().path());
  }

  @Test
  void absentFiles() {
    assertEquals(Optional.empty(), PreprocessorConfig.readOptional(directory));
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> PreprocessorConfig.read(directory));
    assertTrue(
        String.valueOf(e.getMessage()).contains("preprocessor_config.json: file: expected it"),
        e.getMessage());
  }

  @Test
  void classUnderItsFormerKeyOrNone() {
    assertEquals(
        "CLIPFeatureExtractor",
        PreprocessorConfig.of(json("{'feature_extractor_type':'CLIPFeatureExtractor'}"))
            .imageProcessorType());
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> PreprocessorConfig.of(json("{}")));
    assertTrue(String.valueOf(e.getMessage()).contains("image_processor_type"), e.getMessage());
  }
}

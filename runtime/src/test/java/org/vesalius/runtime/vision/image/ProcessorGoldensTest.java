package org.vesalius.runtime.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.loader.VideoPreprocessorConfig;
import org.vesalius.runtime.vision.FixedSizeImages;
import org.vesalius.runtime.vision.Gemma3Images;
import org.vesalius.runtime.vision.LlavaNextImages;
import org.vesalius.runtime.vision.QwenImages;
import org.vesalius.runtime.vision.SeedImages;

/** Every processor against what transformers 5.12.1 makes of the same settings and pictures. */
class ProcessorGoldensTest {

  @TestFactory
  List<DynamicTest> pictures() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode golden : Goldens.resource("processors.json.gz").path("cases")) {
      tests.add(dynamicTest(golden.path("name").asText(), () -> checkPicture(golden)));
    }
    assertEquals(62, tests.size());
    return tests;
  }

  private static void checkPicture(JsonNode golden) {
    PreprocessorConfig config = PreprocessorConfig.of(node(golden.path("config")));
    RasterImage image = image(golden);
    int patch = golden.path("patch").asInt();
    float[] expected = values(golden);
    switch (golden.path("kind").asText()) {
      case "fixed" -> {
        FixedSizeImageProcessor processor = FixedSizeImages.processor(config, patch);
        checkInputs(golden, List.of(processor.process(image)), expected, patch);
      }
      case "gemma3" -> {
        PanAndScanImageProcessor off = Gemma3Images.processor(config, patch);
        assertEquals(1, off.process(image).size(), "off unless it is asked for");
        PanAndScanImageProcessor processor =
            Gemma3Images.panAndScan(config).map(off::withPanAndScan).orElse(off);
        assertEquals(
            processor.process(image).size() - 1,
            processor.crops(image.width(), image.height()).size());
        checkInputs(golden, processor.process(image), expected, patch);
      }
      case "next" -> {
        TiledImage tiled = LlavaNextImages.processor(config, patch).process(image);
        List<ImagePatches> inputs = new ArrayList<>(tiled.tiles());
        inputs.addFirst(tiled.whole());
        checkInputs(golden, inputs, expected, patch);
      }
      case "qwen" -> {
        ObjectNode seed = golden.path("config").deepCopy();
        seed.put("image_processor_type", "SeedImageProcessor");
        ImagePatches patches =
            SeedImages.processor(PreprocessorConfig.of(node(seed))).process(image);
        checkGrid(golden, patches);
        assertArrayEquals(expected, patches.values(), 1e-6f);
        assertArrayEquals(patches.values(), QwenImages.processor(config).process(image).values());
      }
      default -> throw new IllegalArgumentException(golden.path("kind").asText());
    }
  }

  /** Inputs as pictures: (inputs, 3, height, width), where the patches reach. */
  private static void checkInputs(
      JsonNode golden, List<ImagePatches> inputs, float[] expected, int patch) {
    JsonNode shape = golden.path("shape");
    int first = shape.size() - 3;
    int count = expected.length / (3 * shape.get(first + 1).asInt() * shape.get(first + 2).asInt());
    assertEquals(count, inputs.size());
    int height = shape.get(first + 1).asInt();
    int width = shape.get(first + 2).asInt();
    for (int i = 0; i < count; i++) {
      ImagePatches input = inputs.get(i);
      assertEquals(1, input.gridT());
      assertEquals(height / patch, input.gridH());
      assertEquals(width / patch, input.gridW());
      assertEquals(height, input.transform().modelHeight());
      assertEquals(width, input.transform().modelWidth());
      assertEquals(golden.path("width").asInt(), input.transform().sourceWidth());
      PatchPictures.assertShows(expected, i, width, height, input, patch, 1e-6f);
    }
  }

  @TestFactory
  List<DynamicTest> videos() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode golden : Goldens.resource("processors.json.gz").path("videos")) {
      String name =
          "%s %d frames of %dx%d"
              .formatted(
                  golden.path("type").asText(),
                  golden.path("frames").asInt(),
                  golden.path("width").asInt(),
                  golden.path("height").asInt());
      tests.add(dynamicTest(name, () -> checkVideo(golden)));
    }
    assertEquals(7, tests.size());
    return tests;
  }

  private static void checkVideo(JsonNode golden) {
    VideoPreprocessorConfig config =
        VideoPreprocessorConfig.of(node(golden.path("settings")), golden.path("type").asText());
    List<RasterImage> frames = new ArrayList<>();
    for (int i = 0; i < golden.path("frames").asInt(); i++) {
      frames.add(frame(golden, i));
    }
    ImagePatches patches = QwenImages.videoProcessor(config).processFrames(frames);
    checkGrid(golden, patches);
    float[] expected = values(golden);
    assertEquals(expected.length, patches.values().length);
    // Without a resize only the rounding of a fused normalization differs; torchvision resizes with
    // weights of 16 bits, Pillow with 22, so each of two passes may round to the next byte.
    float step = (float) (1 / 255d / Arrays.stream(config.std()).min().orElseThrow());
    float bound = golden.path("resized").asBoolean() ? 2 * step + 1e-6f : 1e-6f;
    assertArrayEquals(expected, patches.values(), bound);
  }

  @Test
  void sizesOfVideos() throws IOException {
    JsonNode rows = Goldens.resource("processors.json.gz").path("video_sizes");
    assertEquals(300, rows.size());
    int refused = 0;
    for (JsonNode row : rows) {
      int frames = row.get(0).asInt();
      int height = row.get(1).asInt();
      int width = row.get(2).asInt();
      if (row.get(5).isNull()) {
        refused++;
        ImageFormatException e =
            assertThrows(ImageFormatException.class, () -> videoSize(row, frames, height, width));
        assertTrue(Goldens.message(e).contains(width + "x" + height), Goldens.message(e));
      } else {
        assertEquals(
            new Size(row.get(5).get(0).asInt(), row.get(5).get(1).asInt()),
            videoSize(row, frames, height, width),
            row.toString());
      }
    }
    assertTrue(refused > 0, "no refused size among the goldens");
  }

  private static Size videoSize(JsonNode row, int frames, int height, int width) {
    return SmartResize.smartResizeVideo(
        frames, height, width, 2, 32, row.get(3).asLong(), row.get(4).asLong());
  }

  @Test
  void gridsOfTiles() throws IOException {
    JsonNode rows = Goldens.resource("processors.json.gz").path("grids");
    assertEquals(300, rows.size());
    PixelNormalization normalization =
        new PixelNormalization(new double[3], new double[] {1, 1, 1}, 1);
    List<Size> of336 =
        List.of(
            new Size(336, 672),
            new Size(672, 336),
            new Size(672, 672),
            new Size(1008, 336),
            new Size(336, 1008));
    List<Size> of384 = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      of384.add(new Size(384 * (i / 3 + 1), 384 * (i % 3 + 1)));
    }
    for (JsonNode row : rows) {
      int side = row.get(0).asInt();
      int patches = row.get(1).asInt();
      TiledImageProcessor processor =
          new TiledImageProcessor(
              side, Filter.BICUBIC, side == 336 ? of336 : of384, normalization, side / patches);
      assertEquals(patches, processor.grid().w());
      TileGrid grid = processor.tiles(row.get(3).asInt(), row.get(2).asInt());
      TileGrid.Unpadded kept = grid.unpadded(patches);
      int first =
          kept.rows() == 0 || kept.columns() == 0
              ? -1
              : kept.top() * grid.columns() * patches + kept.left();
      assertEquals(
          List.of(
              row.get(4).asInt(),
              row.get(5).asInt(),
              row.get(6).asInt(),
              row.get(7).asInt(),
              row.get(8).asInt(),
              row.get(9).asInt()),
          List.of(
              grid.rows(),
              grid.columns(),
              kept.rows(),
              kept.columns(),
              first,
              kept.tokens() + patches * patches),
          row.toString());
    }
  }

  private static void checkGrid(JsonNode golden, ImagePatches patches) {
    JsonNode grid = golden.path("grid");
    assertEquals(
        List.of(grid.get(0).asInt(), grid.get(1).asInt(), grid.get(2).asInt()),
        List.of(patches.gridT(), patches.gridH(), patches.gridW()));
  }

  private static RasterImage image(JsonNode golden) {
    if (golden.has("png")) {
      return ImageDecoder.decode(Goldens.bytes(golden.path("png")), "golden");
    }
    RasterImage colour = frame(golden, 0);
    if (!golden.path("mode").asText().equals("L")) {
      return colour;
    }
    byte[] gray = new byte[colour.width() * colour.height()];
    for (int i = 0; i < gray.length; i++) {
      gray[i] = colour.bytes()[3 * i];
    }
    return RasterImage.ofGray8(colour.width(), colour.height(), gray);
  }

  /** The formula of make_processors.py. */
  private static RasterImage frame(JsonNode golden, int shift) {
    int width = golden.path("width").asInt();
    int height = golden.path("height").asInt();
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      int c = i % 3;
      int value = x * x * 3 + y * y * 5 + x * y * (c + 1) + 17 * c + 31 * ((x / 4 + y / 6) % 3);
      rgb[i] = (byte) (value + 40 * shift);
    }
    return RasterImage.ofRgb(width, height, rgb);
  }

  private static float[] values(JsonNode golden) {
    byte[] bytes = HexFormat.of().parseHex(golden.path("values").asText());
    float[] values = new float[bytes.length / 4];
    ByteBuffer.wrap(bytes).asFloatBuffer().get(values);
    return values;
  }

  private static ConfigNode node(JsonNode config) {
    try {
      return ConfigNode.parse(Goldens.JSON.writeValueAsBytes(config), Path.of("golden.json"));
    } catch (IOException e) {
      throw new IllegalArgumentException(e);
    }
  }
}

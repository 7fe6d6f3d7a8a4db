package org.vesalius.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.loader.CheckpointHeader;
import org.vesalius.runtime.vision.PreparedImage;
import org.vesalius.runtime.vision.image.RasterImage;

class ModelWorkTest {

  private static Path fixture(String name) {
    return Path.of(System.getProperty("vesalius.root", ".."))
        .resolve("src/test/fixtures")
        .resolve(name);
  }

  /** Written out once more from the shapes of a block. */
  @Test
  void countsADecoder() {
    Path folder = fixture("qwen2");
    try (ChatModel model =
        ChatModel.open(folder, OpenOptions.defaults().withBackend("reference"))) {
      ModelWork work = new ModelWork(model.parts(), CacheFormat.INT8);
      var c = model.config();
      assertTrue(c.tied());
      double attention = (double) c.width() * c.headSize() * (2 * c.heads() + 2 * c.kvHeads());
      double block = attention + 3.0 * c.width() * c.innerWidth();
      double head = (double) c.width() * c.vocabulary();
      double pairs = 4.0 * c.heads() * c.headSize() * (1 + 2 + 3);
      assertEquals(
          2 * 3 * c.layers() * block + c.layers() * pairs + 2 * head, work.prefillOperations(3));
      assertEquals(CheckpointHeader.read(folder).byteSize(), work.decodeBytes(0));
      assertEquals(
          2L * 10 * c.layers() * c.kvHeads() * (c.headSize() + 4),
          work.decodeBytes(10) - work.decodeBytes(0));
    }
  }

  /** Untied: the embedding is only looked up. */
  @Test
  void leavesOutTheEmbeddingAndTheVisionPart() {
    Path folder = fixture("qwen2_5_vl");
    try (ChatModel model =
        ChatModel.open(folder, OpenOptions.defaults().withBackend("reference"))) {
      CheckpointHeader header = CheckpointHeader.read(folder);
      ModelWork work = new ModelWork(model.parts(), model.cacheFormat());
      long text =
          header.names().stream()
              .filter(name -> !name.startsWith("model.visual."))
              .mapToLong(name -> header.entry(name).byteSize())
              .sum();
      long embedding = 4L * model.config().vocabulary() * model.config().width();
      assertEquals(text - embedding, work.decodeBytes(0));
    }
  }

  /**
   * One picture of twice the area costs more than twice as much, because attention grows with the
   * square.
   */
  @Test
  void visionGrowsWithThePicture() {
    Path folder = fixture("qwen2_5_vl");
    try (ChatModel model =
        ChatModel.open(folder, OpenOptions.defaults().withBackend("reference"))) {
      ModelWork work = new ModelWork(model.parts(), CacheFormat.INT8);
      var encoder = model.parts().images().orElseThrow().encoder();
      PreparedImage small =
          encoder.prepare(RasterImage.ofGray8(56, 56, new byte[56 * 56]), ImageOptions.defaults());
      PreparedImage large =
          encoder.prepare(RasterImage.ofGray8(84, 84, new byte[84 * 84]), ImageOptions.defaults());
      double ratio = (double) large.tokens() / small.tokens();
      assertTrue(ratio > 1, "tokens " + large.tokens() + " and " + small.tokens());
      assertTrue(work.visionOperations(large) > ratio * work.visionOperations(small));
      assertTrue(work.visionOperations(large) < ratio * ratio * work.visionOperations(small));
    }
  }
}

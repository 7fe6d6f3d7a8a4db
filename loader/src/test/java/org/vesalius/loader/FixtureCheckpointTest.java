package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The checkpoints of this repository, written by safetensors itself. */
class FixtureCheckpointTest {
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort BF16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  static Path fixture(String name) {
    return Path.of(System.getProperty("vesalius.root", ""), "src/test/fixtures").resolve(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2_5_vl", "qwen2_5_vl/legacy", "qwen2", "qwen3"})
  void embeddingHasTheShapeOfTheConfiguration(String name) {
    ModelConfig config = ModelConfig.read(fixture(name));
    try (Checkpoint checkpoint = Checkpoint.open(fixture(name))) {
      String embedding =
          checkpoint.names().stream()
              .filter(tensor -> tensor.endsWith("embed_tokens.weight"))
              .findFirst()
              .orElseThrow();
      assertEquals(
          List.of(config.text().longValue("vocab_size"), config.text().longValue("hidden_size")),
          checkpoint.tensor(embedding).shape());
      DType expected = config.dtype().orElseThrow().equals("bfloat16") ? DType.BF16 : DType.F32;
      assertTrue(checkpoint.tensors().stream().allMatch(tensor -> tensor.dtype() == expected));
      checkpoint.verifyUnchanged();
    }
  }

  @Test
  void bothCopiesOfTheQwen25VlFixtureHoldTheSameNumbers() {
    try (Checkpoint newer = Checkpoint.open(fixture("qwen2_5_vl"));
        Checkpoint older = Checkpoint.open(fixture("qwen2_5_vl/legacy"))) {
      StoredTensor f32 = newer.tensor("model.visual.patch_embed.proj.weight");
      StoredTensor bf16 = older.tensor("visual.patch_embed.proj.weight");
      assertEquals(f32.shape(), bf16.shape());
      for (long i = 0; i < f32.elements(); i++) {
        int bits = bf16.data().get(BF16, i * 2) << 16;
        assertEquals(Float.intBitsToFloat(bits), f32.data().get(F32, i * 4));
      }
    }
  }

  /** The stored tensors are packed, and a checkpoint is mapped: each is unpacked first. */
  @Test
  void goldenTensorsOfEveryCaseOpen(@TempDir Path directory) throws IOException {
    int opened = 0;
    try (Stream<Path> files = Files.walk(fixture(""))) {
      for (Path file : files.filter(FixtureCheckpointTest::isStoredCase).toList()) {
        Path unpacked = directory.resolve("case.safetensors");
        try (InputStream packed = new GZIPInputStream(Files.newInputStream(file))) {
          Files.copy(packed, unpacked, StandardCopyOption.REPLACE_EXISTING);
        }
        try (Checkpoint golden = Checkpoint.open(unpacked)) {
          assertTrue(golden.contains("logits_prompt_last"), file.toString());
          opened++;
        }
      }
    }
    assertTrue(opened >= 40, opened + " files");
  }

  private static boolean isStoredCase(Path file) {
    return file.toString().contains("/cases/") && file.toString().endsWith(".safetensors.gz");
  }

  @Test
  void realWeightsOutsideTheRepository() {
    Path assets = Path.of(System.getProperty("vesalius.assets", ""));
    Path model = assets.resolve("weights/stories260K/hf");
    assumeTrue(
        Files.isDirectory(model), "weights/stories260K/hf: set -Dvesalius.assets to test with it");
    ModelConfig config = ModelConfig.read(model);
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      assertEquals(List.of(512L, 64L), checkpoint.tensor("model.embed_tokens.weight").shape());
      assertEquals(10000.0, config.rope().theta());
      assertArrayEquals(new int[] {2}, GenerationConfig.read(model).eosTokenIds());
    }
  }
}

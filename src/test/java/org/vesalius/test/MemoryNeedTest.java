package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.MemoryDemand;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.CheckpointQuantizer;
import org.vesalius.runtime.MemoryNeed;
import org.vesalius.runtime.ModelInspection;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.WeightFormat;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.SelfAttention;

/** What a model is said to need, beside what its files and its cache really take. */
class MemoryNeedTest {
  @TempDir static Path scratch;

  @TestFactory
  Stream<DynamicTest> everyFamily() {
    return Stream.of(
            "qwen2",
            "qwen2_5_vl",
            "qwen3",
            "small_qwen3_vl_moe",
            "small_gemma3",
            "small_llava_next")
        .map(family -> DynamicTest.dynamicTest(family, () -> check(family)));
  }

  private static void check(String family) {
    Path folder = Fixtures.fixture(family);
    ModelInspection stored = ModelInspection.inspect(folder);
    OpenOptions options = OpenOptions.defaults().withContextTokens(64);
    MemoryNeed plain = MemoryNeed.of(folder, options);
    assertEquals(stored.weightBytes(), plain.weights(), "weights as they are stored");
    assertEquals(
        KvCache.SLAB_TOKENS * stored.cacheBytesPerToken(CacheFormat.BF16),
        plain.cache(),
        "cache of a context within a slab");
    assertTrue(plain.work() > 0, "work");
    checkLayers(folder, plain);
    for (WeightFormat format : new WeightFormat[] {WeightFormat.INT8, WeightFormat.INT4}) {
      Path target = scratch.resolve(family + "-" + format);
      new CheckpointQuantizer(format, new KernelOptions(1)).quantize(folder, target, (_, _) -> {});
      long written = ModelInspection.inspect(target).weightBytes();
      // Groups of experts that are stored transposed run along the other side: a few scales more.
      assertEquals(
          (double) written,
          (double) MemoryNeed.of(folder, options.withWeights(format)).weights(),
          family.contains("moe") ? 0.02 * written : 0,
          family + " " + format);
      assertEquals(
          written, MemoryNeed.of(target, options).weights(), family + " " + format + " on disk");
    }
  }

  /** The same by layer: every layer has its weights and its part of the cache. */
  private static void checkLayers(Path folder, MemoryNeed need) {
    MemoryDemand demand = need.demand();
    assertEquals(need.bytes(), demand.bytes(), "by layer");
    try (ChatModel model =
        ChatModel.open(folder, Fixtures.options("reference", CacheFormat.BF16))) {
      Decoder decoder = model.parts().decoder();
      assertEquals(decoder.blocks().size(), demand.layers().size(), "layers");
      long cache = need.cache() / demand.layers().size();
      for (int layer = 0; layer < demand.layers().size(); layer++) {
        SelfAttention attention = decoder.blocks().get(layer).attention();
        long some = cache + attention.query().weight().byteSize();
        some += attention.output().weight().byteSize();
        assertTrue(demand.layers().get(layer) > some, "layer " + layer);
      }
      boolean tied = decoder.head().weight() == decoder.embedding();
      assertEquals(tied ? decoder.embedding().byteSize() : 0, demand.copied(), "copied");
      assertTrue(demand.first() >= decoder.embedding().byteSize(), "first");
      assertEquals(
          folder.toString().contains("qwen3_vl_moe") ? 1 : 0, demand.together(), "together");
    }
  }

  /** Configurations leave out what is usual in their family; the tensors know it as well. */
  @Test
  void sizesThatAreNotWrittenAreThoseOfTheTensors() throws IOException {
    Path folder = Fixtures.copy("qwen2", scratch.resolve("sizes"));
    OpenOptions options = OpenOptions.defaults().withContextTokens(64);
    MemoryNeed whole = MemoryNeed.of(folder, options);
    Path config = folder.resolve("config.json");
    ObjectNode json = (ObjectNode) new ObjectMapper().readTree(config.toFile());
    json.remove(
        List.of(
            "num_hidden_layers",
            "num_key_value_heads",
            "hidden_size",
            "intermediate_size",
            "vocab_size"));
    Files.writeString(config, json.toString());
    assertEquals(whole, MemoryNeed.of(folder, options));
    for (String key : List.of("num_hidden_layers", "num_key_value_heads", "hidden_size")) {
      for (int wrong : new int[] {-1, Integer.MAX_VALUE}) {
        json.put(key, wrong);
        Files.writeString(config, json.toString());
        assertTrue(MemoryNeed.of(folder, options).bytes() > 0, "what is wrong is told elsewhere");
      }
      json.remove(key);
    }
  }
}

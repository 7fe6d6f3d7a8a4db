package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.runtime.CheckpointQuantizer;
import org.vesalius.runtime.MemoryNeed;
import org.vesalius.runtime.ModelInspection;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.WeightFormat;

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
        64 * stored.cacheBytesPerToken(CacheFormat.BF16), plain.cache(), "cache of the context");
    assertTrue(plain.work() > 0, "work");
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
}

package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.layers.KvCache;

class BenchCommandTest {

  @Test
  void measuresModelAndMachine() {
    Execution run =
        Execution.of(
            "bench",
            "--model",
            Execution.fixture("qwen2_5_vl").toString(),
            "--backend",
            "reference",
            "--prompt-tokens",
            "96", // some pages, which a repeated prompt would find computed
            "--decode-tokens",
            "5",
            "--image-size",
            "84x56",
            "--kv-cache",
            "int8",
            "--context",
            "120",
            "--threads",
            "1",
            "--format",
            "json");
    JsonNode json = run.expect(0).json();
    assertEquals(96, json.get("prefill").get("tokens").asInt());
    assertEquals(5, json.get("decode").get("tokens").asInt());
    assertEquals("int8", json.get("kv_cache").asText());
    assertEquals(6, json.get("vision").get("image_tokens").asInt());
    JsonNode machine = json.get("machine");
    assertTrue(machine.get("read_bytes_per_s").asDouble() > 0, run.out());
    assertTrue(machine.get("matrix_operations_per_s").asDouble() > 0, run.out());
    for (String phase : new String[] {"vision", "prefill"}) {
      assertEquals(
          json.get(phase).get("operations_per_s").asDouble()
              / machine.get("matrix_operations_per_s").asDouble(),
          json.get(phase).get("share_of_matrix_rate").asDouble(),
          1e-12);
    }
    JsonNode decode = json.get("decode");
    assertTrue(decode.get("p50_ms").asDouble() <= decode.get("p99_ms").asDouble(), run.out());
    assertTrue(decode.get("share_of_read_bandwidth").asDouble() > 0, run.out());
    assertEquals(1, json.get("threads").asInt());
    JsonNode load = json.get("load");
    assertTrue(load.get("open_s").asDouble() > 0, run.out());
    assertEquals(
        load.get("open_s").asDouble() + load.get("first_token_s").asDouble(),
        load.get("seconds").asDouble(),
        1e-12);
    JsonNode context = json.get("context");
    assertEquals(120, context.get("context_tokens").asInt());
    // Weights once, and as many more cached tokens as the context is longer.
    assertEquals(
        (decode.get("bytes_per_token").asLong() - context.get("bytes_per_token").asLong())
            / (96 - 120),
        bytesOfACachedToken());
  }

  private static long bytesOfACachedToken() {
    try (ChatModel model =
        ChatModel.open(
            Execution.fixture("qwen2_5_vl"), OpenOptions.defaults().withBackend("reference"))) {
      var sizes = model.config();
      return KvCache.bytesPerToken(
          CacheFormat.INT8, sizes.layers(), sizes.kvHeads(), sizes.headSize());
    }
  }

  @Test
  void aContextMustFitTheModel() {
    String error =
        Execution.of(
                "bench",
                "--model",
                Execution.fixture("qwen2").toString(),
                "--backend",
                "reference",
                "--decode-tokens",
                "2",
                "--context",
                "4095")
            .expect(2)
            .err();
    assertTrue(error.contains("4094") && error.contains("4095"), error);
  }

  @Test
  void aTextModelHasNoVision() {
    Execution run =
        Execution.of(
            "bench",
            "--model",
            Execution.fixture("qwen2").toString(),
            "--backend",
            "reference",
            "--prompt-tokens",
            "4",
            "--decode-tokens",
            "2");
    run.expect(0).expectPlain();
    assertEquals(5, run.out().lines().count(), run.out());
    assertTrue(run.out().contains("p50") && run.out().contains("p99"), run.out());
  }
}

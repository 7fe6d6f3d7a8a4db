package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

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
            "12",
            "--decode-tokens",
            "5",
            "--image-size",
            "84x56",
            "--kv-cache",
            "int8",
            "--format",
            "json");
    JsonNode json = run.expect(0).json();
    assertEquals(12, json.get("prefill").get("tokens").asInt());
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
    assertEquals(4, run.out().lines().count(), run.out());
    assertTrue(run.out().contains("p50") && run.out().contains("p99"), run.out());
  }
}

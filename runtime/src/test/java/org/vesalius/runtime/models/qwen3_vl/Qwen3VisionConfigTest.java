package org.vesalius.runtime.models.qwen3_vl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.Activation;
import org.vesalius.loader.ConfigNode;

/** The tower of checkpoints that leave out defaults. */
class Qwen3VisionConfigTest {

  @Test
  void aShortConfigHasTheNumbersOfTheClass() {
    String json =
        """
        {"model_type": "qwen3_vl", "out_hidden_size": 4096}
        """;
    Qwen3VisionConfig config =
        Qwen3VisionConfig.read(
            ConfigNode.parse(json.getBytes(StandardCharsets.UTF_8), Path.of("config.json")),
            4096,
            36);
    assertEquals(48, config.tableSide());
    assertEquals(List.of(8, 16, 24), config.deepLayers());
    assertEquals(27, config.common().depth());
    assertEquals(1152, config.common().sizes().width());
    assertEquals(4304, config.common().sizes().innerWidth());
    assertEquals(72, config.common().sizes().headSize());
    assertEquals(16, config.common().patchSize());
    assertEquals(Activation.GELU_TANH, config.common().activation());
  }
}

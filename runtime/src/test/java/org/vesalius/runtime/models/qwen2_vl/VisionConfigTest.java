package org.vesalius.runtime.models.qwen2_vl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.Activation;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.vision.QwenVisionConfig;

/** The tower of checkpoints that leave out defaults, as fine-tunes that were saved again do. */
class VisionConfigTest {

  @Test
  void aShortConfigHasTheNumbersOfTheClass() {
    String json =
        """
        {"hidden_size": 1536, "in_chans": 3, "model_type": "qwen2_vl", "spatial_patch_size": 14}
        """;
    QwenVisionConfig config =
        Qwen2Vl.visionConfig(
            ConfigNode.parse(json.getBytes(StandardCharsets.UTF_8), Path.of("config.json")), 1536);
    assertEquals(32, config.depth());
    assertEquals(1280, config.sizes().width());
    assertEquals(5120, config.sizes().innerWidth());
    assertEquals(80, config.sizes().headSize());
    assertEquals(14, config.patchSize());
    assertEquals(2, config.temporalPatchSize());
    assertEquals(2, config.mergeSize());
    assertEquals(Activation.QUICK_GELU, config.activation());
  }
}

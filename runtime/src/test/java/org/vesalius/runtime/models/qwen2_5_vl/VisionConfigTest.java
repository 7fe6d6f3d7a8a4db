package org.vesalius.runtime.models.qwen2_5_vl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.Activation;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.vision.QwenVisionConfig;
import org.vesalius.runtime.vision.VisionSizes;

/** The tower of checkpoints that leave out defaults, as fine-tunes that were saved again do. */
class VisionConfigTest {

  @Test
  void aShortConfigHasTheNumbersOfTheClass() {
    String json =
        """
        {"hidden_size": 1280, "in_chans": 3, "model_type": "qwen2_5_vl", "spatial_patch_size": 14,
         "tokens_per_second": 2, "torch_dtype": "bfloat16"}
        """;
    VisionConfig config =
        VisionConfig.read(
            ConfigNode.parse(json.getBytes(StandardCharsets.UTF_8), Path.of("config.json")), 3584);
    assertEquals(
        new VisionConfig(
            new QwenVisionConfig(
                32, new VisionSizes(1280, 3420, 16), Activation.SILU, 14, 2, 2, 3584),
            4,
            Set.of(7, 15, 23, 31),
            2),
        config);
  }
}

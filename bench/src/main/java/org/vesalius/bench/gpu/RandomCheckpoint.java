package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.vesalius.bench.RandomTensors;
import org.vesalius.demo.DemoModel;

/**
 * A Qwen2.5-VL checkpoint of published shapes with random weights. The tokenizer is the demo
 * model's, which knows the first tokens of the vocabulary.
 */
final class RandomCheckpoint {
  private static final String WEIGHTS = "model.safetensors";

  private RandomCheckpoint() {}

  /** The checkpoint in a folder, which is written unless one of the same sizes is there. */
  static Path in(Path parent, ModelShape shape) throws IOException {
    Path folder = parent.resolve("model-" + shape.name());
    // Written last, so that what was broken off is written again.
    Path finished = folder.resolve("finished.json");
    String sizes = shape.text().node() + "\n" + shape.vision().node() + "\n";
    if (Files.isRegularFile(finished) && Files.readString(finished).equals(sizes)) {
      return folder;
    }
    Files.createDirectories(folder);
    Files.deleteIfExists(finished);
    Files.deleteIfExists(folder.resolve(WEIGHTS));
    JsonNode demo;
    try (DemoModel texts = DemoModel.unpack()) {
      for (String name :
          List.of("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")) {
        Files.write(folder.resolve(name), Files.readAllBytes(texts.directory().resolve(name)));
      }
      demo = PartFile.JSON.readTree(texts.directory().resolve("config.json").toFile());
    }
    Files.writeString(folder.resolve("config.json"), config(shape, demo).toPrettyString());
    Files.writeString(folder.resolve("preprocessor_config.json"), preprocessor(shape));
    tensors(shape).write(folder.resolve(WEIGHTS));
    Files.writeString(finished, sizes);
    return folder;
  }

  /** Bytes of the weights. */
  static long bytes(Path folder) throws IOException {
    return Files.size(folder.resolve(WEIGHTS));
  }

  private static ObjectNode config(ModelShape shape, JsonNode demo) {
    ObjectNode config = PartFile.JSON.createObjectNode();
    config.putArray("architectures").add("Qwen2_5_VLForConditionalGeneration");
    config.put("model_type", "qwen2_5_vl").put("hidden_act", "silu");
    config.setAll((ObjectNode) shape.text().node());
    JsonNode section = config.remove("mrope_section");
    config.putObject("rope_scaling").put("type", "mrope").set("mrope_section", section);
    for (String token :
        List.of(
            "bos_token_id",
            "eos_token_id",
            "vision_start_token_id",
            "vision_end_token_id",
            "image_token_id",
            "video_token_id")) {
      config.set(token, demo.path(token));
    }
    config.put("use_sliding_window", false).put("tie_word_embeddings", false);
    config.put("torch_dtype", "bfloat16");
    ObjectNode vision = config.putObject("vision_config");
    vision.put("model_type", "qwen2_5_vl").put("hidden_act", "silu").put("in_channels", 3);
    vision.setAll((ObjectNode) shape.vision().node());
    return config;
  }

  private static String preprocessor(ModelShape shape) {
    return """
    {
      "min_pixels": 3136,
      "max_pixels": 12845056,
      "patch_size": %d,
      "temporal_patch_size": %d,
      "merge_size": %d,
      "image_mean": [0.48145466, 0.4578275, 0.40821073],
      "image_std": [0.26862954, 0.26130258, 0.27577711],
      "image_processor_type": "Qwen2VLImageProcessor"
    }
    """
        .formatted(
            shape.vision().intValue("patch_size"),
            shape.vision().intValue("temporal_patch_size"),
            shape.vision().intValue("spatial_merge_size"));
  }

  private static RandomTensors tensors(ModelShape shape) {
    RandomTensors all = new RandomTensors();
    addDecoder(all, shape);
    addTower(all, shape);
    return all;
  }

  private static void addDecoder(RandomTensors all, ModelShape shape) {
    int width = shape.text().intValue("hidden_size");
    int inner = shape.text().intValue("intermediate_size");
    int keys = shape.text().intValue("num_key_value_heads") * shape.headSize();
    all.add("model.embed_tokens.weight", shape.vocabulary(), width);
    for (int i = 0; i < shape.text().intValue("num_hidden_layers"); i++) {
      String layer = "model.layers." + i + ".";
      all.add(layer + "input_layernorm.weight", width);
      all.addLinear(layer + "self_attn.q_proj", width, width, true);
      all.addLinear(layer + "self_attn.k_proj", keys, width, true);
      all.addLinear(layer + "self_attn.v_proj", keys, width, true);
      all.addLinear(layer + "self_attn.o_proj", width, width, false);
      all.add(layer + "post_attention_layernorm.weight", width);
      all.addLinear(layer + "mlp.gate_proj", inner, width, false);
      all.addLinear(layer + "mlp.up_proj", inner, width, false);
      all.addLinear(layer + "mlp.down_proj", width, inner, false);
    }
    all.add("model.norm.weight", width);
    all.add("lm_head.weight", shape.vocabulary(), width);
  }

  private static void addTower(RandomTensors all, ModelShape shape) {
    int width = shape.vision().intValue("hidden_size");
    int inner = shape.vision().intValue("intermediate_size");
    int patch = shape.vision().intValue("patch_size");
    int merge = shape.vision().intValue("spatial_merge_size");
    int cell = merge * merge * width;
    all.add(
        "visual.patch_embed.proj.weight",
        width,
        3,
        shape.vision().intValue("temporal_patch_size"),
        patch,
        patch);
    for (int i = 0; i < shape.vision().intValue("depth"); i++) {
      String block = "visual.blocks." + i + ".";
      all.add(block + "norm1.weight", width);
      all.addLinear(block + "attn.qkv", 3L * width, width, true);
      all.addLinear(block + "attn.proj", width, width, true);
      all.add(block + "norm2.weight", width);
      all.addLinear(block + "mlp.gate_proj", inner, width, true);
      all.addLinear(block + "mlp.up_proj", inner, width, true);
      all.addLinear(block + "mlp.down_proj", width, inner, true);
    }
    all.add("visual.merger.ln_q.weight", width);
    all.addLinear("visual.merger.mlp.0", cell, cell, true);
    all.addLinear("visual.merger.mlp.2", shape.vision().intValue("out_hidden_size"), cell, true);
  }
}

package org.vesalius.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.vesalius.demo.DemoModel;

/**
 * A text model with the shapes of a published one and random BF16 weights, written into a temporary
 * folder as a checkpoint: a model takes as long for noise as for sense. The tokenizer is the demo
 * model's, which knows the first tokens of the vocabulary. Closing deletes the folder.
 */
final class RandomModel implements AutoCloseable {
  private final Path folder;

  /** Writes the checkpoint. */
  RandomModel(DecoderShape shape) {
    try {
      folder = Files.createTempDirectory("vesalius-random-");
    } catch (IOException e) {
      throw new UncheckedIOException("no temporary folder for a random model", e);
    }
    try (DemoModel demo = DemoModel.unpack()) {
      for (String name :
          List.of(
              "tokenizer.json",
              "tokenizer_config.json",
              "generation_config.json",
              "chat_template.jinja")) {
        Files.copy(demo.directory().resolve(name), folder.resolve(name));
      }
      Files.writeString(folder.resolve("config.json"), config(shape));
      tensors(shape).write(folder.resolve("model.safetensors"));
    } catch (IOException e) {
      close();
      throw new UncheckedIOException("a random model cannot be written into " + folder, e);
    }
  }

  Path directory() {
    return folder;
  }

  private static String config(DecoderShape shape) {
    return String.format(
        Locale.ROOT,
        """
        {
          "architectures": ["Qwen2ForCausalLM"],
          "model_type": "qwen2",
          "hidden_act": "silu",
          "hidden_size": %d,
          "intermediate_size": %d,
          "num_hidden_layers": %d,
          "num_attention_heads": %d,
          "num_key_value_heads": %d,
          "head_dim": %d,
          "vocab_size": %d,
          "max_position_embeddings": 32768,
          "rms_norm_eps": 1e-06,
          "rope_theta": 1000000.0,
          "tie_word_embeddings": true,
          "use_sliding_window": false,
          "torch_dtype": "bfloat16"
        }
        """,
        shape.width(),
        shape.innerWidth(),
        shape.layers(),
        shape.heads(),
        shape.kvHeads(),
        shape.headSize(),
        shape.vocabulary());
  }

  private static RandomTensors tensors(DecoderShape shape) {
    int width = shape.width();
    int queries = shape.queryWidth();
    int keys = shape.keyWidth();
    int inner = shape.innerWidth();
    RandomTensors all = new RandomTensors();
    all.add("model.embed_tokens.weight", shape.vocabulary(), width);
    all.add("model.norm.weight", width);
    for (int i = 0; i < shape.layers(); i++) {
      String layer = "model.layers." + i + ".";
      String attention = layer + "self_attn.";
      all.add(layer + "input_layernorm.weight", width);
      all.add(layer + "post_attention_layernorm.weight", width);
      all.addLinear(attention + "q_proj", queries, width, true);
      all.addLinear(attention + "k_proj", keys, width, true);
      all.addLinear(attention + "v_proj", keys, width, true);
      all.addLinear(attention + "o_proj", width, queries, false);
      all.addLinear(layer + "mlp.gate_proj", inner, width, false);
      all.addLinear(layer + "mlp.up_proj", inner, width, false);
      all.addLinear(layer + "mlp.down_proj", width, inner, false);
    }
    return all;
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("the folder of a random model cannot be deleted", e);
    }
  }
}

package org.vesalius.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.vesalius.demo.DemoModel;

/**
 * A text model with the shapes of a published one and random BF16 weights, written into a temporary
 * folder as a checkpoint: a model takes as long for noise as for sense. The tokenizer is the demo
 * model's, which knows the first tokens of the vocabulary. Closing deletes the folder.
 */
final class RandomModel implements AutoCloseable {
  private static final int BUFFER = 8 << 20;

  private final Path folder;

  private record Stored(String name, long rows, long columns) {
    String shape() {
      return columns == 0 ? "[" + rows + "]" : "[" + rows + "," + columns + "]";
    }

    long bytes() {
      return 2 * rows * Math.max(1, columns);
    }
  }

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
      write(tensors(shape), folder.resolve("model.safetensors"));
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

  private static List<Stored> tensors(DecoderShape shape) {
    int width = shape.width();
    int queries = shape.queryWidth();
    int keys = shape.keyWidth();
    int inner = shape.innerWidth();
    List<Stored> all = new ArrayList<>();
    all.add(new Stored("model.embed_tokens.weight", shape.vocabulary(), width));
    all.add(new Stored("model.norm.weight", width, 0));
    for (int i = 0; i < shape.layers(); i++) {
      String layer = "model.layers." + i + ".";
      String attention = layer + "self_attn.";
      all.add(new Stored(layer + "input_layernorm.weight", width, 0));
      all.add(new Stored(layer + "post_attention_layernorm.weight", width, 0));
      all.add(new Stored(attention + "q_proj.weight", queries, width));
      all.add(new Stored(attention + "q_proj.bias", queries, 0));
      all.add(new Stored(attention + "k_proj.weight", keys, width));
      all.add(new Stored(attention + "k_proj.bias", keys, 0));
      all.add(new Stored(attention + "v_proj.weight", keys, width));
      all.add(new Stored(attention + "v_proj.bias", keys, 0));
      all.add(new Stored(attention + "o_proj.weight", width, queries));
      all.add(new Stored(layer + "mlp.gate_proj.weight", inner, width));
      all.add(new Stored(layer + "mlp.up_proj.weight", inner, width));
      all.add(new Stored(layer + "mlp.down_proj.weight", width, inner));
    }
    return all;
  }

  private static void write(List<Stored> tensors, Path file) throws IOException {
    StringBuilder header = new StringBuilder("{");
    long offset = 0;
    for (Stored tensor : tensors) {
      header.append(
          String.format(
              Locale.ROOT,
              "%s\"%s\":{\"dtype\":\"BF16\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
              offset == 0 ? "" : ",",
              tensor.name(),
              tensor.shape(),
              offset,
              offset + tensor.bytes()));
      offset += tensor.bytes();
    }
    header.append('}');
    while (header.length() % 8 != 0) {
      header.append(' ');
    }
    SplittableRandom random = new SplittableRandom(6);
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      writeAll(out, length.putLong(json.length).flip());
      writeAll(out, ByteBuffer.wrap(json));
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
      for (long left = offset; left > 0; left -= buffer.limit()) {
        buffer.clear();
        while (buffer.hasRemaining()) {
          // Four numbers: sign and mantissa random, magnitude from 1/128 to 1/32.
          buffer.putLong((random.nextLong() & 0x80FF_80FF_80FF_80FFL) | 0x3C00_3C00_3C00_3C00L);
        }
        buffer.flip().limit((int) Math.min(left, BUFFER));
        writeAll(out, buffer);
      }
    }
  }

  private static void writeAll(FileChannel out, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      int written = out.write(buffer);
      if (written < 0) {
        throw new IOException("nothing was written");
      }
    }
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

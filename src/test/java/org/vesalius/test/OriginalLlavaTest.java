package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.models.llava_original.LlavaTemplates;

/**
 * The original layout of LLaVA with the decoders that have no golden of their own: a Mistral
 * without a window is a Llama, and a Qwen2 whose biases are zero, so the golden of {@code
 * llava_mistral} is theirs too.
 */
class OriginalLlavaTest {
  private static final String FIXTURE = "small_llava_mistral";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> decodersOfTheSameMathematicsAnswerTheSame() {
    return Fixtures.backends().stream()
        .flatMap(backend ->
            Stream.of("llava_llama", "llava_qwen2")
                .map(type ->
                    DynamicTest.dynamicTest(backend + " " + type, () -> check(backend, type))));
  }

  private void check(String backend, String type) throws IOException {
    Fixtures.requireBackend(backend);
    Path model = copy(backend + type, type);
    Files.writeString(model.resolve("chat_template.jinja"), LlavaTemplates.MISTRAL);
    OpenOptions options =
        OpenOptions.defaults().withBackend(backend).withCacheFormat(CacheFormat.F32);
    try (ChatModel open = ChatModel.open(model, options)) {
      for (GoldenCase golden : Fixtures.cases(FIXTURE)) {
        assertEquals(
            golden.newTokenIds(),
            open.generate(golden.request().build()).tokenIds(),
            golden.toString());
      }
    }
  }

  /** HuatuoGPT-Vision's prompt, where the folder has no template: the picture before the text. */
  @Test
  void huatuoWritesItsOwnPrompt() throws IOException {
    Path model = copy("huatuo", "llava_qwen2");
    try (ChatModel open = ChatModel.open(model, OpenOptions.defaults().withBackend("reference"))) {
      ChatRequest request = Fixtures.cases(FIXTURE).getFirst().request().build();
      assertEquals(
          "<|user|>\n<image>\nWhich side?\n<|assistant|>\n",
          open.promptEncoder().encode(request).text());
    }
  }

  private Path copy(String name, String type) throws IOException {
    Path target = Fixtures.copy(FIXTURE, folder.resolve(name));
    Path config = target.resolve("config.json");
    ObjectNode node = (ObjectNode) JSON.readTree(config.toFile());
    JSON.writeValue(config.toFile(), node.put("model_type", type));
    if (type.equals("llava_qwen2")) {
      addZeroBiases(target.resolve("model.safetensors"), node);
    }
    return target;
  }

  private static void addZeroBiases(Path weights, ObjectNode config) throws IOException {
    byte[] file = Files.readAllBytes(weights);
    int length = Math.toIntExact(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong());
    ObjectNode header = (ObjectNode) JSON.readTree(Arrays.copyOfRange(file, 8, 8 + length));
    byte[] data = Arrays.copyOfRange(file, 8 + length, file.length);
    int width = config.get("hidden_size").asInt();
    int head = width / config.get("num_attention_heads").asInt();
    int keys = head * config.get("num_key_value_heads").asInt();
    int end = data.length;
    for (int layer = 0; layer < config.get("num_hidden_layers").asInt(); layer++) {
      for (String name : List.of("q_proj", "k_proj", "v_proj")) {
        int rows = name.equals("q_proj") ? width : keys;
        ObjectNode entry =
            header.putObject("model.layers." + layer + ".self_attn." + name + ".bias");
        entry.put("dtype", "F32");
        entry.putArray("shape").add(rows);
        entry.putArray("data_offsets").add(end).add(end + 4 * rows);
        end += 4 * rows;
      }
    }
    byte[] newHeader = JSON.writeValueAsBytes(header);
    ByteBuffer whole =
        ByteBuffer.allocate(8 + newHeader.length + end).order(ByteOrder.LITTLE_ENDIAN);
    whole.putLong(newHeader.length).put(newHeader).put(data);
    Files.write(weights, whole.array());
  }
}

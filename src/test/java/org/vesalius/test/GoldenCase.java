package org.vesalius.test;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.StoredTensor;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Conversation;
import org.vesalius.runtime.ImageOptions;
import org.vesalius.runtime.OpenAiMessages;

/** One case of a golden fixture: a request and what transformers computes for it. */
record GoldenCase(Path family, Path file, JsonNode json) {

  static GoldenCase read(Path family, Path file) {
    try {
      return new GoldenCase(family, file, new ObjectMapper().readTree(file.toFile()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String name() {
    return json.get("name").asText();
  }

  /** The greedy request of the case. */
  ChatRequest.Builder request() {
    byte[] bytes = json.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    Conversation conversation = OpenAiMessages.parse(bytes, family, file.toString());
    return ChatRequest.builder()
        .messages(conversation.messages())
        .tools(conversation.tools())
        .templateVariables(conversation.templateVariables())
        .imageOptions(ImageOptions.defaults().withPanAndScan(json.has("num_crops")))
        .maxTokens(newTokenIds().size());
  }

  String prompt() {
    return json.get("prompt").asText();
  }

  /** Ids of the prompt; 0 where an image stands that has no token. */
  List<Integer> inputIds() {
    return integers(json.get("input_ids")).stream().map(id -> Math.max(0, id)).toList();
  }

  List<Integer> newTokenIds() {
    return integers(json.get("new_token_ids"));
  }

  String newText() {
    return json.get("new_text").asText();
  }

  /** Prompt positions of the stored {@code hidden.*} rows. */
  List<Integer> hiddenPositions() {
    JsonNode node = json.get("hidden_positions");
    if (node.isTextual()) {
      List<Integer> all = new ArrayList<>();
      for (int i = 0; i < inputIds().size(); i++) {
        all.add(i);
      }
      return all;
    }
    return integers(node);
  }

  static List<Integer> integers(JsonNode array) {
    List<Integer> values = new ArrayList<>();
    array.forEach(value -> values.add(value.asInt()));
    return values;
  }

  /** Opens the stored tensors; a gzipped file is unpacked below {@code target} first, once. */
  Checkpoint tensors() throws IOException {
    Path plain = Path.of(file.toString().replace(".json", ".safetensors"));
    Path packed = plain.resolveSibling(plain.getFileName() + ".gz");
    if (!Files.exists(packed)) {
      return Checkpoint.open(plain);
    }
    Path unpacked = Fixtures.UNPACKED.resolve(family.getFileName()).resolve(plain.getFileName());
    synchronized (GoldenCase.class) {
      if (!Files.exists(unpacked)
          || Files.getLastModifiedTime(unpacked).compareTo(Files.getLastModifiedTime(packed)) < 0) {
        Files.createDirectories(unpacked.getParent());
        Path part = unpacked.resolveSibling(unpacked.getFileName() + ".part");
        try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
          Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.move(part, unpacked, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    return Checkpoint.open(unpacked);
  }

  static float[] floats(StoredTensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  @Override
  public String toString() {
    return family.getFileName() + "/" + name();
  }
}

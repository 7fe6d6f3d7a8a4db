package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Weight;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.DType;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.loader.SafetensorsWriter;
import org.vesalius.loader.SafetensorsWriter.Announced;
import org.vesalius.loader.StoredTensor;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.CheckpointQuantizer;
import org.vesalius.runtime.ModelInspection;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.WeightFormat;
import org.vesalius.runtime.layers.GatedMlp;

/** What is written into quantized checkpoints, and which are refused. */
class QuantizedCheckpointTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String QUERY = "model.language_model.layers.0.self_attn.q_proj.weight";
  private static final String HEAD = "lm_head.weight";

  @TempDir static Path shared;
  @TempDir Path scratch;

  @BeforeAll
  static void quantize() {
    for (WeightFormat format : List.of(WeightFormat.INT8, WeightFormat.INT4)) {
      quantize(format, Fixtures.fixture("qwen2_5_vl"), shared.resolve(format.name()));
    }
  }

  private static void quantize(WeightFormat format, Path source, Path target) {
    new CheckpointQuantizer(format, new KernelOptions(2)).quantize(source, target, (_, _) -> {});
  }

  private static String message(Class<? extends Exception> type, Path folder, WeightFormat format) {
    OpenOptions options = OpenOptions.defaults().withBackend("reference").withWeights(format);
    String message =
        String.valueOf(
            assertThrows(type, () -> ChatModel.open(folder, options).close()).getMessage());
    assertFalse(message.contains("\n"), message);
    return message;
  }

  @Test
  void onlyMatricesOfTheDecoderAreQuantized() {
    Path source = Fixtures.fixture("qwen2_5_vl");
    try (Checkpoint before = Checkpoint.open(source);
        Checkpoint after = Checkpoint.open(shared.resolve("INT4"))) {
      int matrices = 0;
      for (StoredTensor tensor : before.tensors()) {
        StoredTensor found = after.tensor(tensor.name());
        String name = tensor.name();
        boolean vocabulary = name.endsWith("embed_tokens.weight") || name.equals(HEAD);
        if (vocabulary || (name.contains("_proj.weight") && !name.contains("visual"))) {
          matrices++;
          long rows = tensor.dimension(0);
          long columns = tensor.dimension(1);
          long group = vocabulary ? 256 : 64;
          long groups = Math.ceilDiv(columns, group);
          assertEquals(vocabulary ? DType.I8 : DType.U8, found.dtype(), name);
          assertEquals(List.of(rows, vocabulary ? columns : 32 * groups), found.shape(), name);
          StoredTensor scale = after.tensor(name + "_scale");
          assertEquals(vocabulary ? DType.F32 : DType.F16, scale.dtype(), name);
          assertEquals(List.of(rows, groups), scale.shape(), name);
          assertEquals(!vocabulary, after.contains(name + "_minimum"), name);
        } else {
          assertEquals(tensor.dtype(), found.dtype(), name);
          assertEquals(tensor.shape(), found.shape(), name);
          assertEquals(-1, tensor.data().mismatch(found.data()), name);
        }
      }
      assertTrue(matrices > 10, "matrices: " + matrices);
    }
  }

  @Test
  void theRestOfTheFolderIsCopied() throws IOException {
    Path source = Fixtures.fixture("qwen2_5_vl");
    Path target = shared.resolve("INT8");
    for (String name :
        List.of("tokenizer.json", "chat_template.jinja", "preprocessor_config.json")) {
      assertEquals(-1, Files.mismatch(source.resolve(name), target.resolve(name)), name);
    }
    ObjectNode before = (ObjectNode) JSON.readTree(source.resolve("config.json").toFile());
    ObjectNode after = (ObjectNode) JSON.readTree(target.resolve("config.json").toFile());
    assertEquals(
        JSON.readTree(
            "{\"quant_method\": \"vesalius\", \"format\": \"int8\", \"group_size\": 256,"
                + " \"version\": 1}"),
        after.remove("quantization_config"));
    assertEquals(before, after);
  }

  /** The weights of an opened model are the file's, not copies. */
  @Test
  void quantizedWeightsStayInTheFile() {
    OpenOptions options = OpenOptions.defaults().withBackend("reference");
    try (ChatModel model = ChatModel.open(shared.resolve("INT4"), options)) {
      assertTrue(model.parts().decoder().head().weight() instanceof Weight.Int8);
      GatedMlp mlp = (GatedMlp) model.parts().decoder().blocks().getFirst().mlp();
      Weight.Int4 gate = (Weight.Int4) mlp.gate().weight();
      for (MemorySegment part : List.of(gate.data(), gate.scales(), gate.minimums())) {
        assertTrue(part.isMapped() && part.isReadOnly(), part.toString());
      }
    }
  }

  @Test
  void formatsOfOpening() {
    Path plain = Fixtures.fixture("qwen2_5_vl");
    assertTrue(gate(plain, WeightFormat.AS_STORED) instanceof Weight.F32);
    assertTrue(gate(plain, WeightFormat.BF16) instanceof Weight.BF16);
    assertTrue(gate(plain, WeightFormat.INT8) instanceof Weight.Int8);
    assertTrue(gate(plain, WeightFormat.INT4) instanceof Weight.Int4);
    assertTrue(gate(shared.resolve("INT8"), WeightFormat.INT8) instanceof Weight.Int8);
  }

  private static Weight gate(Path folder, WeightFormat format) {
    OpenOptions options = OpenOptions.defaults().withBackend("reference").withWeights(format);
    try (ChatModel model = ChatModel.open(folder, options)) {
      return ((GatedMlp) model.parts().decoder().blocks().getFirst().mlp()).gate().weight();
    }
  }

  @Test
  void memoryOfConvertedWeightsEndsWithTheModel() {
    Weight weight = gate(Fixtures.fixture("qwen2_5_vl"), WeightFormat.INT8);
    assertFalse(weight.data().scope().isAlive());
  }

  @Test
  void anotherFormatThanTheFilesIsRefused() {
    for (WeightFormat wanted : List.of(WeightFormat.BF16, WeightFormat.INT4)) {
      String message = message(UnsupportedModelException.class, shared.resolve("INT8"), wanted);
      assertTrue(message.contains("INT8") && message.contains(wanted.name()), message);
    }
    UnsupportedModelException twice =
        assertThrows(
            UnsupportedModelException.class,
            () -> quantize(WeightFormat.INT8, shared.resolve("INT8"), scratch.resolve("x")));
    assertTrue(String.valueOf(twice.getMessage()).contains("already"), twice.getMessage());
  }

  @Test
  void foreignQuantizationsAreRefusedByName() throws IOException {
    for (String method : List.of("gptq", "awq", "bitsandbytes", "compressed-tensors", "fp8")) {
      Path folder = Fixtures.copy("qwen2", scratch.resolve(method));
      ObjectNode config = edit(folder);
      config.putObject("quantization_config").put("quant_method", method);
      save(folder, config);
      String message = message(UnsupportedModelException.class, folder, WeightFormat.AS_STORED);
      assertTrue(message.contains('"' + method + '"'), message);
      List<String> problems = ModelInspection.inspect(folder).problems();
      assertEquals(1, problems.size(), problems.toString());
      assertTrue(problems.getFirst().contains(method), problems.getFirst());
    }
  }

  @Test
  void otherVersionsAndGroupsAreRefused() throws IOException {
    List<List<Object>> changes =
        List.of(List.of("version", 2), List.of("group_size", 128), List.of("format", "int2"));
    for (List<Object> change : changes) {
      Path folder = scratch.resolve(change.getFirst().toString());
      quantize(WeightFormat.INT8, Fixtures.fixture("qwen2"), folder);
      ObjectNode config = edit(folder);
      ((ObjectNode) config.get("quantization_config"))
          .set(change.getFirst().toString(), JSON.valueToTree(change.getLast()));
      save(folder, config);
      String message = message(UnsupportedModelException.class, folder, WeightFormat.AS_STORED);
      assertTrue(message.contains("quantization_config." + change.getFirst()), message);
      assertTrue(message.contains(change.getLast().toString()), message);
    }
  }

  @Test
  void aMissingOrWrongTensorIsNamed() throws IOException {
    refused(QUERY + "_scale", null, "_scale");
    refused(QUERY + "_minimum", null, "_minimum");
    refused(HEAD + "_scale", new Announced(HEAD + "_scale", DType.F16, List.of(1L, 1L)), HEAD);
    refused(QUERY, new Announced(QUERY, DType.U8, List.of(1L, 32L)), QUERY);
    refused(QUERY, new Announced(QUERY, DType.I8, List.of(1L, 32L)), QUERY);
  }

  /** Opens a copy in which a tensor is absent or another one. */
  private void refused(String name, @Nullable Announced instead, String expected)
      throws IOException {
    Path source = shared.resolve("INT4");
    Path folder = scratch.resolve("refused");
    Files.createDirectories(folder);
    try (Stream<Path> files = Files.list(source)) {
      for (Path file : files.filter(f -> !f.toString().endsWith(".safetensors")).toList()) {
        Files.copy(file, folder.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Path weights = folder.resolve("model.safetensors");
    Files.deleteIfExists(weights);
    try (Checkpoint checkpoint = Checkpoint.open(source)) {
      List<Announced> tensors = new ArrayList<>();
      for (StoredTensor tensor : checkpoint.tensors()) {
        Announced same = new Announced(tensor.name(), tensor.dtype(), tensor.shape());
        Announced written = tensor.name().equals(name) ? instead : same;
        if (written != null) {
          tensors.add(written);
        }
      }
      try (SafetensorsWriter writer = new SafetensorsWriter(weights, tensors)) {
        for (Announced tensor : tensors) {
          MemorySegment data = checkpoint.tensor(tensor.name()).data();
          writer.write(tensor.name(), data.asSlice(0, tensor.byteSize()));
        }
        writer.finish();
      }
    }
    String message = message(ModelFormatException.class, folder, WeightFormat.AS_STORED);
    assertTrue(message.contains(expected), message);
  }

  /** Every tensor in a file of its own where files may be tiny, and one index for all. */
  @Test
  void largeCheckpointsAreSharded() throws IOException {
    Path target = scratch.resolve("sharded");
    new CheckpointQuantizer(WeightFormat.INT8, new KernelOptions(2))
        .withShardBytes(20_000)
        .quantize(Fixtures.fixture("qwen2"), target, (_, _) -> {});
    try (Stream<Path> files = Files.list(target)) {
      List<Path> shards = files.filter(f -> f.toString().endsWith(".safetensors")).toList();
      assertTrue(shards.size() > 3, shards.toString());
    }
    ObjectNode index =
        (ObjectNode) JSON.readTree(target.resolve("model.safetensors.index.json").toFile());
    try (Checkpoint checkpoint = Checkpoint.open(target)) {
      assertEquals(checkpoint.byteSize(), index.get("metadata").get("total_size").asLong());
    }
    assertTrue(gate(target, WeightFormat.INT8) instanceof Weight.Int8);
  }

  @Test
  void whatExistsIsNotTouched() throws IOException {
    Path full = Files.createDirectories(scratch.resolve("full"));
    Files.writeString(full.resolve("mine"), "x");
    Path file = Files.writeString(scratch.resolve("file"), "y");
    for (Path target : List.of(full, file)) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> quantize(WeightFormat.INT8, Fixtures.fixture("qwen2"), target));
      assertTrue(String.valueOf(e.getMessage()).contains(target.toString()), e.getMessage());
    }
    assertEquals("x", Files.readString(full.resolve("mine")));
    assertEquals("y", Files.readString(file));
    Path empty = Files.createDirectories(scratch.resolve("empty"));
    quantize(WeightFormat.INT8, Fixtures.fixture("qwen2"), empty);
    assertTrue(Files.exists(empty.resolve("model.safetensors")));
  }

  @Test
  void aFailureLeavesNothing() throws IOException {
    Path target = scratch.resolve("never");
    IllegalStateException stopped = new IllegalStateException("stopped");
    IllegalStateException thrown =
        assertThrows(
            IllegalStateException.class,
            () ->
                new CheckpointQuantizer(WeightFormat.INT4, new KernelOptions(1))
                    .quantize(
                        Fixtures.fixture("qwen2"),
                        target,
                        (done, bytes) -> {
                          if (done > bytes / 2) {
                            throw stopped;
                          }
                        }));
    assertEquals(stopped, thrown);
    Path wrong = Fixtures.copy("qwen2", scratch.resolve("wrong"));
    Path weights = wrong.resolve("model.safetensors");
    String name = "model.layers.1.mlp.up_proj.weight";
    long at;
    try (Checkpoint checkpoint = Checkpoint.open(wrong)) {
      var header = checkpoint.header().headers().getFirst();
      at = header.dataOffset() + header.find(name).orElseThrow().begin();
    }
    byte[] bytes = Files.readAllBytes(weights);
    MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, Float.NaN);
    Files.write(weights, bytes);
    UnsupportedModelException e =
        assertThrows(
            UnsupportedModelException.class, () -> quantize(WeightFormat.INT8, wrong, target));
    assertTrue(String.valueOf(e.getMessage()).contains(name), e.getMessage());
    try (Stream<Path> left = Files.list(scratch)) {
      assertEquals(List.of("wrong"), left.map(p -> p.getFileName().toString()).toList());
    }
  }

  @Test
  void inspectionKnowsTheFormat() {
    ModelInspection plain = ModelInspection.inspect(Fixtures.fixture("qwen2_5_vl"));
    ModelInspection quantized = ModelInspection.inspect(shared.resolve("INT8"));
    assertTrue(plain.quantization().isEmpty());
    assertEquals(WeightFormat.INT8, quantized.quantization().orElseThrow().format());
    assertEquals(plain.textParameters(), quantized.textParameters());
    assertEquals(plain.visionParameters(), quantized.visionParameters());
    assertTrue(quantized.runnable(), quantized.problems().toString());
    assertTrue(quantized.weightBytes() < plain.weightBytes());
  }

  private static ObjectNode edit(Path folder) throws IOException {
    return (ObjectNode) JSON.readTree(folder.resolve("config.json").toFile());
  }

  private static void save(Path folder, ObjectNode config) throws IOException {
    JSON.writeValue(folder.resolve("config.json").toFile(), config);
  }
}

package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random valid files, every element type among them, come back as they were written. */
class RoundTripTest {
  private static final List<DType> DTYPES = List.of(DType.values());

  @SuppressWarnings("ArrayRecordComponent")
  private record Written(String name, DType dtype, List<Long> shape, byte[] data) {}

  @TempDir Path directory = Path.of("");

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 22, 400, 5000})
  void readsBackWhatWasWritten(int count) {
    long seed = 7_000L + count;
    Random random = new Random(seed);
    List<Written> tensors = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      tensors.add(tensor(i, random));
    }
    Path file = directory.resolve("model.safetensors");
    SafetensorsBytes.write(file, bytes(tensors, random));
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertEquals(count, checkpoint.names().size(), "seed " + seed);
      long bytes = 0;
      for (Written written : tensors) {
        StoredTensor read = checkpoint.tensor(written.name());
        String at = "seed " + seed + ", " + written.name();
        assertEquals(written.dtype(), read.dtype(), at);
        assertEquals(written.shape(), read.shape(), at);
        assertEquals(-1, read.data().mismatch(MemorySegment.ofArray(written.data())), at);
        assertEquals(written.data().length * 8L, read.elements() * read.dtype().bitSize(), at);
        assertTrue(read.data().isReadOnly() && read.data().isMapped(), at);
        bytes += read.byteSize();
      }
      assertEquals(bytes, checkpoint.byteSize());
      assertEquals(List.of(file), checkpoint.files());
      checkpoint.verifyUnchanged();
    }
  }

  private static Written tensor(int i, Random random) {
    DType dtype = DTYPES.get(i % DTYPES.size());
    List<Long> shape = new ArrayList<>();
    long elements = 1;
    for (int rank = random.nextInt(5); rank > 0; rank--) {
      long dimension = random.nextInt(10) == 0 ? 0 : 1 + random.nextInt(7);
      shape.add(dimension);
      elements *= dimension;
    }
    if (elements * dtype.bitSize() % 8 != 0) {
      shape.add(4L);
      elements *= 4;
    }
    byte[] data = new byte[(int) (elements * dtype.bitSize() / 8)];
    random.nextBytes(data);
    return new Written("t." + i + ".\"é😀\\n", dtype, shape, data);
  }

  private static byte[] bytes(List<Written> tensors, Random random) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    List<String> members = new ArrayList<>();
    members.add("\"__metadata__\":{\"format\":\"pt\"}");
    for (Written tensor : tensors) {
      String name = tensor.name().replace("\\", "\\\\").replace("\"", "\\\"");
      String shape = tensor.shape().stream().map(String::valueOf).collect(Collectors.joining(","));
      int begin = data.size();
      data.writeBytes(tensor.data());
      members.add(
          SafetensorsBytes.tensor(
              name, tensor.dtype().name(), "[" + shape + "]", begin, data.size()));
    }
    Collections.shuffle(members, random);
    String header = "{" + String.join(",", members) + "}" + " ".repeat(random.nextInt(8));
    return SafetensorsBytes.file(header.getBytes(StandardCharsets.UTF_8), data.toByteArray());
  }
}

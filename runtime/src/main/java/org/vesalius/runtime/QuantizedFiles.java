package org.vesalius.runtime;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.DType;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.SafetensorsWriter;
import org.vesalius.loader.SafetensorsWriter.Announced;
import org.vesalius.loader.StoredTensor;
import org.vesalius.runtime.layers.IntegerTensors;
import org.vesalius.runtime.layers.QuantizingConversion;
import org.vesalius.runtime.layers.SelectedMatrices;
import org.vesalius.runtime.layers.StoredQuantization;

/** The weights and the configuration of a quantized checkpoint, as files of a folder. */
final class QuantizedFiles {
  /** The most bytes of a file, unless a single tensor has more. */
  static final long SHARD_BYTES = 4_000_000_000L;

  private static final String SINGLE = "model.safetensors";

  /** A tensor of the source and what it becomes. */
  private record Entry(
      StoredTensor source, SelectedMatrices.@Nullable Selected selected, List<Announced> targets) {
    long byteSize() {
      return targets.stream().mapToLong(Announced::byteSize).sum();
    }
  }

  private final Path folder;
  private final WeightFormat format;
  private final WorkerPool pool;
  private final long shardBytes;

  QuantizedFiles(Path folder, WeightFormat format, WorkerPool pool, long shardBytes) {
    this.folder = folder;
    this.format = format;
    this.pool = pool;
    this.shardBytes = shardBytes;
  }

  /** Writes all tensors, and an index where they take more than one file. */
  void write(
      Checkpoint checkpoint, SelectedMatrices selected, CheckpointQuantizer.Listener listener) {
    List<List<Entry>> shards = shards(checkpoint, selected);
    long done = 0;
    ObjectNode index = JsonNodeFactory.instance.objectNode();
    ObjectNode map = index.putObject("weight_map");
    long total = 0;
    for (int i = 0; i < shards.size(); i++) {
      String name =
          shards.size() == 1
              ? SINGLE
              : "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
      List<Announced> tensors = shards.get(i).stream().flatMap(e -> e.targets().stream()).toList();
      try (SafetensorsWriter writer = new SafetensorsWriter(folder.resolve(name), tensors)) {
        for (Entry entry : shards.get(i)) {
          write(writer, entry);
          done += entry.source().byteSize();
          listener.progress(done, checkpoint.byteSize());
        }
        writer.finish();
      }
      for (Announced tensor : tensors) {
        map.put(tensor.name(), name);
        total += tensor.byteSize();
      }
    }
    if (shards.size() > 1) {
      index.putObject("metadata").put("total_size", total);
      write(folder.resolve(SINGLE + ".index.json"), index);
    }
  }

  private List<List<Entry>> shards(Checkpoint checkpoint, SelectedMatrices selected) {
    List<List<Entry>> shards = new ArrayList<>();
    long room = 0;
    for (StoredTensor tensor : checkpoint.tensors()) {
      Entry entry = entry(tensor, selected.find(tensor.name()));
      if (shards.isEmpty() || entry.byteSize() > room) {
        shards.add(new ArrayList<>());
        room = shardBytes;
      }
      shards.getLast().add(entry);
      room -= entry.byteSize();
    }
    return shards;
  }

  private Entry entry(StoredTensor tensor, SelectedMatrices.@Nullable Selected selected) {
    if (selected == null) {
      Announced same = new Announced(tensor.name(), tensor.dtype(), tensor.shape());
      return new Entry(tensor, null, List.of(same));
    }
    boolean bytes = selected.role().format(format) == WeightFormat.INT8;
    long rows = selected.matrices().getFirst().rows();
    int columns = selected.matrices().getFirst().columns();
    long groups = bytes ? Weight.Int8.groups(columns) : Weight.Int4.groups(columns);
    long width = bytes ? columns : groups * Weight.Int4.GROUP_BYTES;
    String name = tensor.name();
    List<Announced> targets = new ArrayList<>();
    targets.add(new Announced(name, bytes ? DType.I8 : DType.U8, shape(tensor, rows, width)));
    DType scale = bytes ? DType.F32 : DType.F16;
    List<Long> grouped = shape(tensor, rows, groups);
    targets.add(new Announced(name + IntegerTensors.SCALE, scale, grouped));
    if (!bytes) {
      targets.add(new Announced(name + IntegerTensors.MINIMUM, scale, grouped));
    }
    return new Entry(tensor, selected, List.copyOf(targets));
  }

  private static List<Long> shape(StoredTensor tensor, long rows, long width) {
    return tensor.rank() == 3 ? List.of(tensor.dimension(0), rows, width) : List.of(rows, width);
  }

  private void write(SafetensorsWriter writer, Entry entry) {
    String name = entry.source().name();
    SelectedMatrices.Selected selected = entry.selected();
    if (selected == null) {
      writer.write(name, entry.source().data());
      return;
    }
    try (Arena memory = Arena.ofShared()) {
      QuantizingConversion conversion = new QuantizingConversion(format, pool, memory);
      List<MemorySegment> data = new ArrayList<>();
      List<MemorySegment> scales = new ArrayList<>();
      List<MemorySegment> minimums = new ArrayList<>();
      for (Weight matrix : selected.matrices()) {
        Weight converted = conversion.convert(name, selected.role(), matrix);
        data.add(converted.data());
        switch (converted) {
          case Weight.Int8 bytes -> scales.add(bytes.scales());
          case Weight.Int4 nibbles -> {
            scales.add(nibbles.scales());
            minimums.add(nibbles.minimums());
          }
          case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Fp8 _, Weight.Transposed _ ->
              throw new IllegalStateException("not quantized: " + name);
        }
      }
      writer.write(name, data.toArray(MemorySegment[]::new));
      writer.write(name + IntegerTensors.SCALE, scales.toArray(MemorySegment[]::new));
      if (!minimums.isEmpty()) {
        writer.write(name + IntegerTensors.MINIMUM, minimums.toArray(MemorySegment[]::new));
      }
    }
  }

  /** Writes config.json as the source has it, with the quantization. */
  void writeConfig(Path source) {
    // Numbers go through unchanged, Python's NaN and Infinity among them.
    ObjectMapper mapper =
        JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();
    try {
      ObjectNode config = (ObjectNode) mapper.readTree(source.toFile());
      StoredQuantization quantization = new StoredQuantization(format);
      ObjectNode node = config.putObject(StoredQuantization.KEY);
      node.put("quant_method", StoredQuantization.METHOD);
      node.put("format", quantization.formatName());
      node.put("group_size", quantization.groupSize());
      node.put("version", StoredQuantization.VERSION);
      Files.writeString(
          folder.resolve(ModelConfig.FILE_NAME),
          mapper.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(source + ": could not be copied: " + e, e);
    }
  }

  private static void write(Path file, ObjectNode json) {
    try {
      Files.writeString(
          file,
          new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": could not be written: " + e, e);
    }
  }
}

package org.vesalius.bench.gpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Recording;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.DecoderScratch;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.Step;
import org.vesalius.runtime.models.LoadedModel;

/**
 * Several sequences that get one token each in every step: what the engine's scheduler asks of the
 * kernels while that many requests are there. The cache has the pages and slabs of {@link KvCache},
 * and pages of different sequences follow each other as if all had grown together.
 */
final class SequenceBatch implements AutoCloseable {
  private static final int PAGES_PER_SLAB = 16;

  private final Kernels kernels;
  private final LoadedModel model;
  private final int sequences;
  private final int pages;
  private final int[] lengths;
  private final List<List<Tensor>> keys = new ArrayList<>();
  private final List<List<Tensor>> values = new ArrayList<>();
  private final List<DecoderScratch> scratch;
  private final Integers prompt;
  private final Integers batch;
  private final Tensor likeliest;
  private final Step step;
  private final Recording recording;

  /** Integer tensors of a step one after the other in one piece of memory: one copy a step. */
  private static final class Integers {
    private final Kernels kernels;
    private final Tensor all;
    private final int[] values;
    private int used;

    Integers(Kernels kernels, int size) {
      this.kernels = kernels;
      all = kernels.allocate(ElementType.I32, 1, size);
      values = new int[size];
    }

    void begin() {
      used = 0;
    }

    Tensor put(int rows, int... numbers) {
      System.arraycopy(numbers, 0, values, used, numbers.length);
      int columns = numbers.length / rows;
      long from = (long) used * Integer.BYTES;
      Tensor placed = new Tensor(ElementType.I32, all.data().asSlice(from), rows, columns, columns);
      used += numbers.length;
      return placed;
    }

    void send() {
      kernels.write(all.columns(0, used), values);
    }
  }

  /**
   * Allocates everything.
   *
   * @param context most tokens of a sequence
   * @param chunk most tokens of a prompt that are read at a time
   */
  SequenceBatch(Kernels kernels, LoadedModel model, int sequences, int context, int chunk) {
    this.kernels = kernels;
    this.model = model;
    this.sequences = sequences;
    pages = Math.ceilDiv(context, KvCache.PAGE_SIZE);
    lengths = new int[sequences];
    DecoderConfig config = model.decoder().config();
    int slabs = Math.ceilDiv(pages * sequences, PAGES_PER_SLAB);
    for (int layer = 0; layer < config.layers(); layer++) {
      keys.add(slabs(config, slabs));
      values.add(slabs(config, slabs));
    }
    int most = Math.max(chunk, sequences);
    scratch = DecoderScratch.allocate(model.decoder(), most, sequences);
    int size = (3 + model.positions().axes()) * most + 2 * sequences + 2 + sequences * pages;
    prompt = new Integers(kernels, size);
    batch = new Integers(kernels, size);
    likeliest = kernels.allocate(ElementType.I32, 1, sequences);
    step = write(new int[sequences]);
    recording =
        kernels.record(() -> {
          Tensor logits = this.model.decoder().forward(List.of(step), scratch, LayerObserver.NONE);
          this.kernels.argmax(likeliest, logits);
        });
  }

  private List<Tensor> slabs(DecoderConfig config, int count) {
    List<Tensor> slabs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      slabs.add(
          kernels.allocate(
              CacheFormat.BF16.elementType(),
              PAGES_PER_SLAB * config.kvHeads() * KvCache.PAGE_SIZE,
              config.headSize()));
    }
    return slabs;
  }

  /** Tokens of a sequence so far. */
  int length(int sequence) {
    return lengths[sequence];
  }

  /** Reads a prompt into one sequence. */
  void feed(int sequence, int[] ids) {
    int from = lengths[sequence];
    requireRoom(sequence, ids.length);
    lengths[sequence] += ids.length;
    int[] positions = positions(from, ids.length);
    prompt.begin();
    Step reading =
        new Step(
            prompt.put(1, ids),
            prompt.put(model.positions().axes(), allAxes(positions)),
            prompt.put(1, Arrays.stream(positions).map(p -> slot(sequence, p)).toArray()),
            prompt.put(1, 0, ids.length),
            layers(prompt.put(1, table(sequence)), prompt.put(1, lengths[sequence])),
            prompt.put(1, ids.length - 1),
            List.of(),
            null,
            lengths[sequence]);
    prompt.send();
    model.decoder().prepare(List.of(reading));
    model.decoder().forward(List.of(reading), scratch, LayerObserver.NONE);
  }

  /** Gives every sequence its next token, and waits. */
  int[] step(int[] ids) {
    for (int s = 0; s < sequences; s++) {
      requireRoom(s, 1);
    }
    write(ids);
    for (int s = 0; s < sequences; s++) {
      lengths[s]++;
    }
    model.decoder().prepare(List.of(step));
    recording.run();
    int[] next = new int[sequences];
    kernels.read(next, likeliest);
    return next;
  }

  /** Logits of the last step, {@code (sequences, vocabulary)}. */
  float[] logits() {
    Tensor logits = scratch.getLast().logits().firstRows(sequences);
    float[] values = new float[logits.rows() * logits.columns()];
    kernels.read(values, logits);
    return values;
  }

  /** The integers of a step; always at the same places, because it is recorded. */
  private Step write(int[] ids) {
    int[] table = new int[sequences * pages];
    int[] slots = new int[sequences];
    int[] longer = new int[sequences];
    int[] rows = new int[sequences];
    for (int s = 0; s < sequences; s++) {
      System.arraycopy(table(s), 0, table, s * pages, pages);
      slots[s] = slot(s, lengths[s]);
      longer[s] = lengths[s] + 1;
      rows[s] = s;
    }
    int[] starts = new int[sequences + 1];
    Arrays.setAll(starts, s -> s);
    batch.begin();
    Step written =
        new Step(
            batch.put(1, ids),
            batch.put(model.positions().axes(), allAxes(lengths)),
            batch.put(1, slots),
            batch.put(1, starts),
            layers(batch.put(sequences, table), batch.put(1, longer)),
            batch.put(1, rows),
            List.of(),
            null,
            Arrays.stream(longer).max().orElseThrow());
    batch.send();
    return written;
  }

  private List<KeyValues.Paged> layers(Tensor pageTable, Tensor held) {
    List<KeyValues.Paged> layers = new ArrayList<>();
    int kvHeads = model.decoder().config().kvHeads();
    for (int layer = 0; layer < keys.size(); layer++) {
      layers.add(
          new KeyValues.Paged(
              keys.get(layer),
              values.get(layer),
              kvHeads,
              KvCache.PAGE_SIZE,
              PAGES_PER_SLAB,
              pageTable,
              held));
    }
    return layers;
  }

  private void requireRoom(int sequence, int tokens) {
    if (lengths[sequence] + tokens > pages * KvCache.PAGE_SIZE) {
      throw new IllegalStateException(
          "sequence "
              + sequence
              + " has room for "
              + pages * KvCache.PAGE_SIZE
              + " tokens, found "
              + (lengths[sequence] + tokens));
    }
  }

  private static int[] positions(int from, int count) {
    int[] positions = new int[count];
    Arrays.setAll(positions, i -> from + i);
    return positions;
  }

  /** Text has the same position on every axis. */
  private int[] allAxes(int[] positions) {
    int[] all = new int[model.positions().axes() * positions.length];
    Arrays.setAll(all, i -> positions[i % positions.length]);
    return all;
  }

  private int[] table(int sequence) {
    int[] table = new int[pages];
    Arrays.setAll(table, p -> page(sequence, p));
    return table;
  }

  private int page(int sequence, int index) {
    return index * sequences + sequence;
  }

  private int slot(int sequence, int position) {
    return page(sequence, position / KvCache.PAGE_SIZE) * KvCache.PAGE_SIZE
        + position % KvCache.PAGE_SIZE;
  }

  /** Forgets the recording; the memory is freed with the kernels. */
  @Override
  public void close() {
    recording.close();
  }
}

package org.vesalius.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * Lists of addresses in the memory of the device: the slabs of a cache, the weights of experts. One
 * is sent once and found again by its first address; as hardly any memory is freed before the end,
 * there are as many as there are layers.
 */
final class AddressTables {
  private static final class Table {
    private long[] content = new long[0];
    private MemorySegment data = MemorySegment.NULL;
  }

  private final DeviceMemory memory;
  private final Staging staging;
  private final Map<Long, Table> tables = new HashMap<>();
  private long[] wanted = new long[64];
  private int count;

  AddressTables(DeviceMemory memory, Staging staging) {
    this.memory = memory;
    this.staging = staging;
  }

  /**
   * Addresses of the slabs of keys, then those of values, and of scales of keys and of values where
   * there are some.
   */
  long of(KeyValues.Paged cache) {
    count = 0;
    addTensors(cache.keys());
    addTensors(cache.values());
    addTensors(cache.keyScales());
    addTensors(cache.valueScales());
    return sent();
  }

  /** Addresses of the numbers of weights, then those of scales, then those of minimums. */
  long of(List<Weight> weights) {
    count = 0;
    for (Weight weight : weights) {
      add(DeviceWeights.address(memory, weight.data()));
    }
    for (Weight weight : weights) {
      switch (weight) {
        case Weight.Int8 eight -> add(DeviceWeights.address(memory, eight.scales()));
        case Weight.Int4 four -> add(DeviceWeights.address(memory, four.scales()));
        case Weight.Fp8 small -> add(DeviceWeights.address(memory, small.scales()));
        case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Transposed _ -> {}
      }
    }
    for (Weight weight : weights) {
      if (weight instanceof Weight.Int4 four) {
        add(DeviceWeights.address(memory, four.minimums()));
      }
    }
    return sent();
  }

  /** Frees the list that begins with an address, if there is one: what was there is freed too. */
  void forget(long address) {
    Table table = tables.remove(address);
    if (table != null) {
      memory.free(table.data);
    }
  }

  private void addTensors(List<Tensor> tensors) {
    for (int i = 0; i < tensors.size(); i++) {
      add(memory.address(tensors.get(i)));
    }
  }

  private void add(long address) {
    if (count == wanted.length) {
      wanted = Arrays.copyOf(wanted, 2 * count);
    }
    wanted[count++] = address;
  }

  private long sent() {
    if (count == 0) {
      return 0;
    }
    Table table = tables.computeIfAbsent(wanted[0], _ -> new Table());
    if (!Arrays.equals(table.content, 0, table.content.length, wanted, 0, count)) {
      send(table);
    }
    return table.data.address();
  }

  private void send(Table table) {
    long bytes = (long) count * Long.BYTES;
    if (table.data.byteSize() < bytes) {
      // Twice as much, for caches that grow; the old one may still be in use and is small.
      table.data = memory.allocate(2 * bytes, "a list of addresses");
    }
    table.content = Arrays.copyOf(wanted, count);
    staging.send(table.data.address(), MemorySegment.ofArray(table.content), bytes);
  }
}

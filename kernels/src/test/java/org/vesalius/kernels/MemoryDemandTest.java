package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryDemandTest {

  private static MemoryDemand layers(int count, long bytes) {
    return new MemoryDemand(0, 0, Collections.nCopies(count, bytes), 0, 0, 0);
  }

  @Test
  void layersGoWhereThereIsRoom() {
    assertEquals(Optional.of(List.of(4, 4)), layers(8, 10).split(List.of(100L, 100L)));
    assertEquals(Optional.of(List.of(6, 2)), layers(8, 10).split(List.of(75L, 25L)));
    assertEquals(Optional.of(List.of(8)), layers(8, 10).split(List.of(80L)));
    assertEquals(Optional.empty(), layers(8, 10).split(List.of(79L)));
    assertEquals(Optional.empty(), layers(8, 10).split(List.of(45L, 39L)));
    assertEquals(Optional.of(List.of(4, 3, 1)), layers(8, 10).split(List.of(40L, 30L, 10L)));
  }

  @Test
  void eachDeviceHasALayer() {
    assertEquals(Optional.of(List.of(1, 1)), layers(2, 1).split(List.of(1000L, 1L)));
    assertEquals(Optional.empty(), layers(2, 1).split(List.of(10L, 10L, 10L)));
    assertEquals(Optional.empty(), layers(2, 1).split(List.of()));
    assertEquals(1, MemoryDemand.of(5).mostDevices());
    assertEquals(Optional.empty(), MemoryDemand.of(5).split(List.of(10L, 10L)));
  }

  @Test
  void whatLiesBesideLayersCounts() {
    MemoryDemand demand = new MemoryDemand(30, 0, List.of(10L, 10L, 10L, 10L), 20, 7, 5);
    assertEquals(95, demand.bytes());
    assertEquals(95 + 2 * 5 + 7, demand.bytes(3));
    assertEquals(4, demand.mostDevices());
    // 5 + 30 + 10 = 45, and 5 + 30 + 20 + 7 = 62.
    assertEquals(Optional.of(List.of(1, 3)), demand.split(List.of(45L, 62L)));
    assertEquals(Optional.empty(), demand.split(List.of(45L, 61L)));
    // 5 + 30 + 20 = 55, 5 + 20 + 20 + 7 = 52.
    assertEquals(Optional.of(List.of(2, 2)), demand.split(List.of(60L, 60L)));
    MemoryDemand bound = new MemoryDemand(30, 3, List.of(10L, 10L, 10L, 10L), 20, 7, 5);
    assertEquals(2, bound.mostDevices());
    assertEquals(Optional.empty(), bound.split(List.of(60L, 60L)));
    assertEquals(Optional.of(List.of(3, 1)), bound.split(List.of(65L, 60L)));
  }

  /** Beside all ways that there are. */
  @Test
  void noOtherWayLeavesMore() {
    Samples samples = new Samples(20_261_123);
    for (int draw = 0; draw < 200; draw++) {
      List<Long> sizes = new ArrayList<>();
      int count = 1 + samples.below(9);
      for (int i = 0; i < count; i++) {
        sizes.add((long) samples.below(50));
      }
      MemoryDemand demand =
          new MemoryDemand(
              samples.below(40),
              samples.below(3),
              sizes,
              samples.below(40),
              samples.below(40),
              samples.below(10));
      List<Long> room = new ArrayList<>();
      int devices = 1 + samples.below(4);
      for (int i = 0; i < devices; i++) {
        room.add(1L + samples.below(250));
      }
      double best = best(demand, room, 0, 0);
      Optional<List<Integer>> split = demand.split(room);
      assertEquals(best <= 1, split.isPresent(), demand + " on " + room);
      if (split.isPresent()) {
        assertEquals(count, split.get().stream().mapToInt(Integer::intValue).sum());
        double full = 0;
        int first = 0;
        for (int device = 0; device < devices; device++) {
          int end = first + split.get().get(device);
          assertTrue(end > first && (device > 0 || end >= demand.together()), split.toString());
          full = Math.max(full, full(demand, room, device, first, end));
          first = end;
        }
        assertEquals(best, full, 1e-12, demand + " on " + room);
      }
    }
  }

  private static double best(MemoryDemand demand, List<Long> room, int device, int first) {
    int count = demand.layers().size();
    if (device == room.size()) {
      return first == count ? 0 : Double.POSITIVE_INFINITY;
    }
    double best = Double.POSITIVE_INFINITY;
    for (int end = Math.max(first + 1, device == 0 ? demand.together() : 0); end <= count; end++) {
      best =
          Math.min(
              best,
              Math.max(
                  full(demand, room, device, first, end), best(demand, room, device + 1, end)));
    }
    return best;
  }

  private static double full(MemoryDemand demand, List<Long> room, int device, int first, int end) {
    long bytes =
        demand.each()
            + demand.layers().subList(first, end).stream().mapToLong(Long::longValue).sum();
    bytes += device == 0 ? demand.first() : 0;
    bytes += device == room.size() - 1 ? demand.last() : 0;
    bytes += device == room.size() - 1 && room.size() > 1 ? demand.copied() : 0;
    return (double) bytes / room.get(device);
  }

  @Test
  void negativeNumbersAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> MemoryDemand.of(-1));
    assertThrows(IllegalArgumentException.class, () -> layers(2, -1));
    KernelOptions options = new KernelOptions(1);
    assertThrows(IllegalArgumentException.class, () -> options.withDevice(-1));
    assertThrows(IllegalArgumentException.class, () -> options.withDevices(List.of(0, 1, 0)));
  }
}

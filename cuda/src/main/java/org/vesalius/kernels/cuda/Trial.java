package org.vesalius.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * Tensors and weights that a {@link SelfCheck} needs for a moment. Other memory of kernels lives as
 * long as they do; this is given back at once.
 */
final class Trial implements AutoCloseable {
  private final Kernels kernels;
  private final Consumer<MemorySegment> free;
  private final List<MemorySegment> made = new ArrayList<>();

  /**
   * Begins with nothing.
   *
   * @param free gives memory of these kernels back
   */
  Trial(Kernels kernels, Consumer<MemorySegment> free) {
    this.kernels = kernels;
    this.free = free;
  }

  Kernels kernels() {
    return kernels;
  }

  /** A tensor of zeros. */
  Tensor allocate(ElementType type, int rows, int columns) {
    Tensor tensor = kernels.allocate(type, rows, columns);
    made.add(tensor.data());
    return tensor;
  }

  /** A tensor F32 of zeros. */
  Tensor zeros(int rows, int columns) {
    return allocate(ElementType.F32, rows, columns);
  }

  /** A tensor F32 with content. */
  Tensor of(int rows, int columns, float[] values) {
    return of(ElementType.F32, rows, columns, values);
  }

  /** A tensor of numbers with content. */
  Tensor of(ElementType type, int rows, int columns, float[] values) {
    Tensor tensor = allocate(type, rows, columns);
    kernels.write(tensor, values);
    return tensor;
  }

  /** A tensor I32 with content. */
  Tensor integers(int rows, int columns, int... values) {
    Tensor tensor = allocate(ElementType.I32, rows, columns);
    kernels.write(tensor, values);
    return tensor;
  }

  /** A routing of tokens to experts, not yet chosen. */
  ExpertRouting routing(int tokens, int experts, int perToken) {
    ExpertRouting routing = ExpertRouting.allocate(kernels, tokens, experts, perToken);
    for (Tensor part :
        List.of(routing.starts(), routing.rows(), routing.places(), routing.shares())) {
      made.add(part.data());
    }
    return routing;
  }

  /** A weight as these kernels want it. */
  Weight place(Weight stored) {
    Weight placed = kernels.place(stored);
    switch (placed) {
      case Weight.Int8 eight -> made.addAll(List.of(eight.data(), eight.scales()));
      case Weight.Fp8 small -> made.addAll(List.of(small.data(), small.scales()));
      case Weight.Int4 four -> made.addAll(List.of(four.data(), four.scales(), four.minimums()));
      case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Transposed _ ->
          made.add(placed.data());
    }
    return placed;
  }

  /** The content of a tensor; integers as the numbers that they are. */
  float[] read(Tensor tensor) {
    float[] values = new float[tensor.rows() * tensor.columns()];
    if (tensor.type() == ElementType.I32) {
      int[] integers = new int[values.length];
      kernels.read(integers, tensor);
      for (int i = 0; i < values.length; i++) {
        values[i] = integers[i];
      }
    } else {
      kernels.read(values, tensor);
    }
    return values;
  }

  /** The content of several tensors, one after the other. */
  float[] read(List<Tensor> tensors) {
    int count = 0;
    for (Tensor tensor : tensors) {
      count += tensor.rows() * tensor.columns();
    }
    float[] all = new float[count];
    int at = 0;
    for (Tensor tensor : tensors) {
      float[] values = read(tensor);
      System.arraycopy(values, 0, all, at, values.length);
      at += values.length;
    }
    return all;
  }

  /** Gives everything back. */
  @Override
  public void close() {
    made.forEach(free);
  }
}

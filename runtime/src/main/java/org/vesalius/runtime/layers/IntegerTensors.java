package org.vesalius.runtime.layers;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.vesalius.kernels.Weight;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.DType;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.loader.StoredTensor;
import org.vesalius.runtime.WeightFormat;

/**
 * The tensors of a quantized checkpoint that hold matrices of integers: the integers under the
 * matrix' own name, scales and minimums under names that begin with it. Nothing is copied.
 */
public final class IntegerTensors {
  /** Follows a matrix' name in the name of its scales. */
  public static final String SCALE = "_scale";

  /** Follows a matrix' name in the name of its minimums. */
  public static final String MINIMUM = "_minimum";

  private IntegerTensors() {}

  /**
   * Reads matrices.
   *
   * @param name of the tensor
   * @param count how many matrices it stacks; 0 for one that is not stacked
   * @param read gets the names of the tensors
   */
  static List<Weight> read(
      Checkpoint checkpoint,
      String name,
      WeightFormat format,
      int count,
      int rows,
      int columns,
      Set<String> read) {
    boolean bytes = format == WeightFormat.INT8;
    int groups = bytes ? Weight.Int8.groups(columns) : Weight.Int4.groups(columns);
    int width = bytes ? columns : groups * Weight.Int4.GROUP_BYTES;
    MemorySegment data =
        tensor(checkpoint, name, bytes ? DType.I8 : DType.U8, format, count, rows, width, read);
    DType scaleType = bytes ? DType.F32 : DType.F16;
    MemorySegment scales =
        tensor(checkpoint, name + SCALE, scaleType, format, count, rows, groups, read);
    MemorySegment minimums =
        bytes
            ? scales
            : tensor(checkpoint, name + MINIMUM, DType.F16, format, count, rows, groups, read);
    int parts = Math.max(1, count);
    List<Weight> weights = new ArrayList<>();
    for (int i = 0; i < parts; i++) {
      weights.add(
          bytes
              ? new Weight.Int8(part(data, i, parts), part(scales, i, parts), rows, columns)
              : new Weight.Int4(
                  part(data, i, parts),
                  part(scales, i, parts),
                  part(minimums, i, parts),
                  rows,
                  columns));
    }
    return weights;
  }

  private static MemorySegment part(MemorySegment data, int i, int parts) {
    long bytes = data.byteSize() / parts;
    return data.asSlice(i * bytes, bytes);
  }

  private static MemorySegment tensor(
      Checkpoint checkpoint,
      String name,
      DType type,
      WeightFormat format,
      int count,
      int rows,
      int width,
      Set<String> read) {
    List<Long> shape =
        (count == 0 ? LongStream.of(rows, width) : LongStream.of(count, rows, width))
            .boxed()
            .toList();
    StoredTensor found = checkpoint.tensor(name);
    if (found.dtype() != type || !found.shape().equals(shape)) {
      throw ModelFormatException.of(
          found.file(),
          "tensor \"" + name + "\"",
          type + " " + shape + " of " + format + " weights, as config.json has it",
          found.dtype() + " " + found.shape(),
          "quantize the checkpoint again");
    }
    read.add(name);
    return found.data();
  }
}

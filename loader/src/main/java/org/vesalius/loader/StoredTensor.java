package org.vesalius.loader;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * A tensor as it lies in a file: name, element type, shape and its bytes, not copied.
 *
 * <p>{@code data} is a read-only slice of the mapped file: {@link #byteSize()} bytes, row-major,
 * little-endian, packed. Its address is only as aligned as the writer of the file made it, so read
 * with the {@code _UNALIGNED} layouts or check the address. It lives until the {@link Checkpoint}
 * is closed; later accesses throw {@link IllegalStateException}.
 *
 * @param name name in the checkpoint
 * @param dtype stored element type
 * @param shape dimensions, outermost first; empty for a scalar; a dimension may be zero
 * @param data the bytes
 * @param file the file that holds them, for messages
 */
public record StoredTensor(
    String name, DType dtype, List<Long> shape, MemorySegment data, Path file) {
  public StoredTensor {
    shape = List.copyOf(shape);
  }

  /** Number of dimensions; 0 for a scalar. */
  public int rank() {
    return shape.size();
  }

  /** Length of one dimension. */
  public long dimension(int axis) {
    return shape.get(axis);
  }

  /** Product of the dimensions; 1 for a scalar. */
  public long elements() {
    return shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
  }

  /** Bytes of {@code data}. */
  public long byteSize() {
    return data.byteSize();
  }

  /** Without the bytes: {@code model.safetensors: tensor "lm_head.weight" BF16 [1024, 192]}. */
  @Override
  public String toString() {
    return file + ": tensor " + Quote.of(name) + " " + dtype + " " + shape;
  }
}

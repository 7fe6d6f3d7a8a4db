package org.vesalius.kernels.quantize;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;

/**
 * Rounds matrices to fewer bits, on all threads of a pool. The result depends on the numbers alone,
 * not on threads or on how they were stored; a transposed matrix comes out row by row.
 *
 * <p>Every method takes a matrix of single numbers ({@code F32}, {@code F16}, {@code BF16}, or one
 * of them transposed) and memory for the result, and throws {@link IllegalArgumentException} for a
 * number that is not finite or does not fit the format, naming its row.
 */
public final class Quantizer {
  /** Rows that a thread takes at a time: few, so that their numbers stay in its cache. */
  private static final int ROWS = 16;

  private final WorkerPool pool;

  /** A quantizer on the threads of {@code pool}, which stays the caller's. */
  public Quantizer(WorkerPool pool) {
    this.pool = pool;
  }

  /** A block of rows in single precision, and the thread's other memory. */
  private interface Block {
    void run(float[] numbers, int first, int count);
  }

  private void blocks(Weight source, Block block) {
    int columns = source.columns();
    StoredRows rows = new StoredRows(source);
    pool.run(
        source.rows(),
        ROWS,
        (from, to) -> {
          float[] numbers = new float[Math.multiplyExact(ROWS, columns)];
          for (int first = from; first < to; first += ROWS) {
            int count = Math.min(ROWS, to - first);
            rows.read(numbers, first, count);
            block.run(numbers, first, count);
          }
        });
  }

  /** Rounds to bfloat16, to nearest, of two equally near ones to the even one. */
  public Weight.BF16 bf16(Weight source, SegmentAllocator memory) {
    int columns = source.columns();
    MemorySegment data = memory.allocate(2L * source.rows() * columns, 64);
    blocks(
        source,
        (numbers, first, count) ->
            BrainFloats.write(data, (long) first * columns, numbers, count * columns));
    return new Weight.BF16(data, source.rows(), columns);
  }

  /** Rounds to 8-bit integers: of each group, the largest magnitude becomes 127. */
  public Weight.Int8 int8(Weight source, SegmentAllocator memory) {
    int columns = source.columns();
    int groups = Weight.Int8.groups(columns);
    MemorySegment data = memory.allocate((long) source.rows() * columns, 64);
    MemorySegment scales = memory.allocate(4L * source.rows() * groups, 64);
    blocks(
        source,
        (numbers, first, count) -> ByteGroups.write(data, scales, numbers, first, count, columns));
    return new Weight.Int8(data, scales, source.rows(), columns);
  }

  /**
   * Rounds to E4M3 numbers with a power of two as scale of each row, the smallest with which its
   * largest number fits.
   */
  public Weight.Fp8 fp8(Weight source, SegmentAllocator memory) {
    int columns = source.columns();
    MemorySegment data = memory.allocate((long) source.rows() * columns, 64);
    MemorySegment scales = memory.allocate(4L * source.rows(), 64);
    blocks(
        source,
        (numbers, first, count) -> Float8Rows.write(data, scales, numbers, first, count, columns));
    return new Weight.Fp8(data, scales, source.rows(), columns);
  }

  /** Rounds to 4-bit integers with scales and minimums from {@link NibbleSearch}. */
  public Weight.Int4 int4(Weight source, SegmentAllocator memory) {
    int columns = source.columns();
    long groups = (long) source.rows() * Weight.Int4.groups(columns);
    MemorySegment data = memory.allocate(groups * Weight.Int4.GROUP_BYTES, 64);
    MemorySegment scales = memory.allocate(2 * groups, 64);
    MemorySegment minimums = memory.allocate(2 * groups, 64);
    blocks(
        source,
        (numbers, first, count) ->
            NibbleGroups.write(data, scales, minimums, numbers, first, count, columns));
    return new Weight.Int4(data, scales, minimums, source.rows(), columns);
  }

  /** The message for a number that no integer stands for. */
  static IllegalArgumentException unfit(int row, String expected, float found) {
    return new IllegalArgumentException(
        "quantize: row " + row + ": expected " + expected + ", found " + found);
  }
}

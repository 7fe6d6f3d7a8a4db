package org.vesalius.kernels;

import java.lang.foreign.MemorySegment;

/**
 * A matrix in the memory of one backend: {@code rows} rows of {@code columns} elements, consecutive
 * rows {@code stride} elements apart. A vector is a matrix of one row.
 *
 * <p>Everything that model code computes on has this shape: activations {@code (tokens, width)},
 * positions {@code (axes, tokens)}, page tables {@code (sequences, pages)}. Views share memory with
 * what they were taken from. The memory belongs to the {@link Kernels} that allocated it and is
 * only valid while that is open; for a device backend {@code data} is a device address that Java
 * code must not dereference.
 *
 * @param type format of the elements
 * @param data memory, starting at the first element of the first row
 * @param rows number of rows
 * @param columns elements of a row that belong to the tensor
 * @param stride distance of two rows in elements, at least {@code columns}
 */
public record Tensor(ElementType type, MemorySegment data, int rows, int columns, int stride) {

  /** Checks that the memory holds what the shape says. */
  public Tensor {
    if (rows < 0 || columns < 0 || stride < columns) {
      throw new IllegalArgumentException(
          "tensor: expected rows >= 0 and stride >= columns >= 0, found rows "
              + rows
              + ", columns "
              + columns
              + ", stride "
              + stride);
    }
    long needed = rows == 0 ? 0 : ((long) (rows - 1) * stride + columns) * type.byteSize();
    if (data.byteSize() < needed) {
      throw new IllegalArgumentException(
          "tensor ("
              + rows
              + ", "
              + columns
              + ") needs "
              + needed
              + " bytes, found "
              + data.byteSize());
    }
  }

  /** The view of {@code count} rows from row {@code from}. */
  public Tensor rows(int from, int count) {
    if (from < 0 || count < 0 || from + count > rows) {
      throw new IllegalArgumentException(
          "rows " + from + " to " + (from + count) + " of a tensor of " + rows + " rows");
    }
    if (from == 0 && count == rows) {
      return this;
    }
    long offset = (long) from * stride * type.byteSize();
    return new Tensor(type, count == 0 ? data : data.asSlice(offset), count, columns, stride);
  }

  /** The view of the first {@code count} rows. */
  public Tensor firstRows(int count) {
    return rows(0, count);
  }

  /** The view of {@code count} columns from column {@code from}; rows keep their distance. */
  public Tensor columns(int from, int count) {
    if (from < 0 || count < 0 || from + count > columns) {
      throw new IllegalArgumentException(
          "columns " + from + " to " + (from + count) + " of a tensor of " + columns + " columns");
    }
    return new Tensor(type, data.asSlice((long) from * type.byteSize()), rows, count, stride);
  }

  /** The same contiguous memory read as a matrix of another shape with as many elements. */
  public Tensor reshape(int newRows, int newColumns) {
    if (stride != columns || (long) newRows * newColumns != (long) rows * columns) {
      throw new IllegalArgumentException(
          "cannot read ("
              + rows
              + ", "
              + columns
              + ") stride "
              + stride
              + " as ("
              + newRows
              + ", "
              + newColumns
              + ")");
    }
    return new Tensor(type, data, newRows, newColumns, newColumns);
  }

  /** The shape as error messages print it, such as {@code (17, 2048)}. */
  public String shape() {
    return "(" + rows + ", " + columns + ")";
  }
}

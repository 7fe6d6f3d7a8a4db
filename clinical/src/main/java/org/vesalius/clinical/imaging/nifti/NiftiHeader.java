package org.vesalius.clinical.imaging.nifti;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.vesalius.clinical.imaging.geometry.Vector;

/**
 * The header of a NIfTI file, checked. Source: {@code nifti1.h} and {@code nifti2.h}. Its free
 * texts are not read, since they may name a patient.
 *
 * @param version 1 or 2
 * @param single whether voxels are in the same file, not in an {@code .img} beside it
 * @param order of bytes
 * @param dimensions sizes, as many as there are, at least two
 * @param type of a voxel
 * @param offset byte of the first voxel in its file
 * @param slope what stored numbers are multiplied by; 1 where the file says nothing
 * @param intercept what is added then
 * @param shownFrom smallest value to show, {@code cal_min}
 * @param shownTo largest value to show, {@code cal_max}; not above the smallest where the file says
 *     nothing
 * @param toSpace from voxels to millimetres
 */
@SuppressWarnings("ArrayRecordComponent") // inside this package; never compared
record NiftiHeader(
    int version,
    boolean single,
    ByteOrder order,
    long[] dimensions,
    NiftiType type,
    long offset,
    double slope,
    double intercept,
    double shownFrom,
    double shownTo,
    VoxelSpace toSpace) {
  static final int SIZE_1 = 348;
  static final int SIZE_2 = 540;

  /** Bytes of the header and the flag for extensions, before which no voxel of a file is. */
  private static final int AFTER_1 = 352;

  private static final int AFTER_2 = 544;
  private static final int MOST_DIMENSIONS = 7;
  private static final int MOST_SIDE = 1 << 20;

  /** So that the bytes of a slice fit into one array. */
  private static final long MOST_PIXELS = 178_956_970;

  private static final long MOST_VOXELS = 1L << 48;
  private static final double MOST_OFFSET = 1L << 60;

  /** Whether bytes begin like a header. */
  static boolean matches(byte[] head) {
    return version(head) != 0;
  }

  private static int version(byte[] head) {
    if (head.length >= SIZE_1 && (has(head, 344, "n+1\0") || has(head, 344, "ni1\0"))) {
      return 1;
    }
    boolean second =
        head.length >= SIZE_2
            && (has(head, 4, "n+2\0\r\n\032\n") || has(head, 4, "ni2\0\r\n\032\n"));
    return second ? 2 : 0;
  }

  private static boolean has(byte[] head, int at, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (head[at + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Reads a header.
   *
   * @param head at least {@link #SIZE_2} bytes, or the whole file
   * @throws NiftiFormatException if it is none, or makes no sense
   */
  static NiftiHeader parse(byte[] head, String origin) {
    int version = version(head);
    if (version == 0) {
      throw new NiftiFormatException(
          origin,
          "expected \"n+1\" or \"ni1\" at byte 344, or \"n+2\" or \"ni2\" at byte 4, found neither");
    }
    ByteOrder order = order(head, version, origin);
    Fields fields = new Fields(ByteBuffer.wrap(head).order(order), version == 2);
    boolean single = head[(version == 2 ? 4 : 344) + 1] == '+';
    long[] dimensions = dimensions(fields, origin);
    NiftiType type = NiftiType.of(fields.short16(70, 12), fields.short16(72, 14), origin);
    double slope = fields.real(112, 176);
    double intercept = fields.real(116, 184);
    boolean scaled = Double.isFinite(slope) && slope != 0 && !type.isColour();
    if (scaled && !Double.isFinite(intercept)) {
      throw new NiftiFormatException(
          origin,
          "scl_inter: expected a number beside scl_slope " + slope + ", found " + intercept);
    }
    return new NiftiHeader(
        version,
        single,
        order,
        dimensions,
        type,
        offset(fields, single, origin),
        scaled ? slope : 1,
        scaled ? intercept : 0,
        fields.real(128, 200),
        fields.real(124, 192),
        VoxelSpace.of(fields, dimensions, origin));
  }

  private static ByteOrder order(byte[] head, int version, String origin) {
    int size = version == 1 ? SIZE_1 : SIZE_2;
    int little = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(0);
    if (little == size) {
      return ByteOrder.LITTLE_ENDIAN;
    }
    if (little == Integer.reverseBytes(size)) {
      return ByteOrder.BIG_ENDIAN;
    }
    throw new NiftiFormatException(
        origin, "sizeof_hdr: expected %d in either byte order, found %d".formatted(size, little));
  }

  private static long[] dimensions(Fields fields, String origin) {
    long count = fields.dimension(0);
    if (count < 1 || count > MOST_DIMENSIONS) {
      throw new NiftiFormatException(
          origin, "dim[0]: expected 1 to " + MOST_DIMENSIONS + " dimensions, found " + count);
    }
    long[] sizes = new long[Math.max(2, (int) count)];
    Arrays.fill(sizes, 1);
    for (int i = 0; i < count; i++) {
      sizes[i] = fields.dimension(i + 1);
      if (sizes[i] < 1 || sizes[i] > (i < 3 ? MOST_SIDE : Integer.MAX_VALUE)) {
        throw new NiftiFormatException(
            origin, "dim[%d]: expected a size of 1 or more, found %d".formatted(i + 1, sizes[i]));
      }
    }
    long voxels = 1;
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] > (i < 2 ? MOST_PIXELS : MOST_VOXELS) / voxels) {
        throw new NiftiFormatException(
            origin,
            "dim: expected at most %d pixels in a slice and %d voxels, found %s"
                .formatted(MOST_PIXELS, MOST_VOXELS, Arrays.toString(sizes)));
      }
      voxels *= sizes[i];
    }
    return sizes;
  }

  private static long offset(Fields fields, boolean single, String origin) {
    double offset = fields.two() ? fields.buffer().getLong(168) : fields.buffer().getFloat(108);
    int least = !single ? 0 : fields.two() ? AFTER_2 : AFTER_1;
    if (offset == 0) {
      return least;
    }
    if (!(offset >= least && offset < MOST_OFFSET) || offset != Math.rint(offset)) {
      throw new NiftiFormatException(
          origin, "vox_offset: expected a whole number from %d, found %s".formatted(least, offset));
    }
    return (long) offset;
  }

  int columns() {
    return (int) dimensions[0];
  }

  int rows() {
    return (int) dimensions[1];
  }

  int slices() {
    return dimensions.length > 2 ? (int) dimensions[2] : 1;
  }

  /** Slices of all volumes: all pictures. */
  long pictures() {
    long count = 1;
    for (int i = 2; i < dimensions.length; i++) {
      count = Math.multiplyExact(count, dimensions[i]);
    }
    return count;
  }

  long pictureBytes() {
    return dimensions[0] * dimensions[1] * type.bytes();
  }

  /** Bytes of all voxels. */
  long dataBytes() {
    return Math.multiplyExact(pictures(), pictureBytes());
  }

  /** Numbers at the places where either version has them. */
  record Fields(ByteBuffer buffer, boolean two) {
    double real(int at1, int at2) {
      return two ? buffer.getDouble(at2) : buffer.getFloat(at1);
    }

    int short16(int at1, int at2) {
      return buffer.getShort(two ? at2 : at1);
    }

    int code(int at1, int at2) {
      return two ? buffer.getInt(at2) : buffer.getShort(at1);
    }

    long dimension(int index) {
      return two ? buffer.getLong(16 + 8 * index) : buffer.getShort(40 + 2 * index);
    }

    double pixdim(int index) {
      return two ? buffer.getDouble(104 + 8 * index) : buffer.getFloat(76 + 4 * index);
    }

    int units() {
      return two ? buffer.getInt(500) : buffer.get(123) & 0xff;
    }

    /** A row of the stored affine map: three factors and a shift. */
    double[] row(int index) {
      double[] row = new double[4];
      for (int i = 0; i < 4; i++) {
        row[i] = real(280 + 16 * index + 4 * i, 400 + 32 * index + 8 * i);
      }
      return row;
    }

    Vector quaternion() {
      return new Vector(real(256, 352), real(260, 360), real(264, 368));
    }

    Vector quaternionOffset() {
      return new Vector(real(268, 376), real(272, 384), real(276, 392));
    }
  }
}

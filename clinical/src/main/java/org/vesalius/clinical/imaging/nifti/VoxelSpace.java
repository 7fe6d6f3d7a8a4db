package org.vesalius.clinical.imaging.nifti;

import org.vesalius.clinical.imaging.geometry.Vector;

/**
 * Where voxels are: an affine map from their indices to millimetres towards the right, the front
 * and the head.
 *
 * @param i step to the next voxel of the first dimension
 * @param j step to the next voxel of the second dimension
 * @param k step to the next voxel of the third dimension
 * @param origin centre of the first voxel
 * @param source which part of the header says so
 */
record VoxelSpace(Vector i, Vector j, Vector k, Vector origin, Source source) {

  /** What the map comes from. */
  enum Source {
    SFORM("sform"),
    QFORM("qform"),
    /** Only sizes are known: the orientation is a convention and not a fact. */
    SIZES("voxel sizes only");

    private final String description;

    Source(String description) {
      this.description = description;
    }

    String description() {
      return description;
    }
  }

  private static final int METRES = 1;
  private static final int MICROMETRES = 3;

  /** Below 0 by this much is rounding of a quaternion of floats. */
  private static final double ROUNDING = 3 * Math.ulp(1f);

  /** The sform where its code is above 0, else the qform, else the sizes alone. */
  static VoxelSpace of(NiftiHeader.Fields fields, long[] dimensions, String origin) {
    double millimetres =
        switch (fields.units() & 7) {
          case METRES -> 1000;
          case MICROMETRES -> 0.001;
          default -> 1;
        };
    VoxelSpace space =
        fields.code(254, 348) > 0
            ? sform(fields)
            : fields.code(252, 344) > 0 ? qform(fields, origin) : sizes(fields, dimensions, origin);
    VoxelSpace scaled =
        new VoxelSpace(
            space.i.times(millimetres),
            space.j.times(millimetres),
            space.k.times(millimetres),
            space.origin.times(millimetres),
            space.source);
    double volume = scaled.i.cross(scaled.j).dot(scaled.k);
    boolean sizes = isSize(scaled.i) && isSize(scaled.j) && isSize(scaled.k);
    if (!sizes || volume == 0 || !Double.isFinite(scaled.origin.length())) {
      throw new NiftiFormatException(
          origin,
          "%s: expected three directions in space, found a map without a way back"
              .formatted(space.source.description()));
    }
    return scaled;
  }

  /** A nanometre to a kilometre. */
  private static boolean isSize(Vector step) {
    return step.length() >= 1e-6 && step.length() <= 1e6;
  }

  private static VoxelSpace sform(NiftiHeader.Fields fields) {
    double[] x = fields.row(0);
    double[] y = fields.row(1);
    double[] z = fields.row(2);
    return new VoxelSpace(
        new Vector(x[0], y[0], z[0]),
        new Vector(x[1], y[1], z[1]),
        new Vector(x[2], y[2], z[2]),
        new Vector(x[3], y[3], z[3]),
        Source.SFORM);
  }

  private static VoxelSpace qform(NiftiHeader.Fields fields, String origin) {
    Vector bcd = fields.quaternion();
    double b = bcd.x();
    double c = bcd.y();
    double d = bcd.z();
    double rest = 1 - bcd.dot(bcd);
    if (!(rest >= -ROUNDING)) {
      throw new NiftiFormatException(
          origin, "qform: expected a quaternion of length 1, found " + bcd);
    }
    double a = Math.sqrt(Math.max(0, rest));
    // Where rounding made it a little longer, the map must still be a rotation.
    double s = 2 / (a * a + bcd.dot(bcd));
    double flip = fields.pixdim(0);
    if (flip != 0 && flip != 1 && flip != -1) {
      throw new NiftiFormatException(origin, "pixdim[0]: expected 1 or -1, found " + flip);
    }
    Vector i = new Vector(1 - s * (c * c + d * d), s * (b * c + a * d), s * (b * d - a * c));
    Vector j = new Vector(s * (b * c - a * d), 1 - s * (b * b + d * d), s * (c * d + a * b));
    Vector k = new Vector(s * (b * d + a * c), s * (c * d - a * b), 1 - s * (b * b + c * c));
    return new VoxelSpace(
        i.times(size(fields, 1, origin)),
        j.times(size(fields, 2, origin)),
        k.times((flip == -1 ? -1 : 1) * size(fields, 3, origin)),
        fields.quaternionOffset(),
        Source.QFORM);
  }

  /** As nibabel does: the first dimension towards the left, the middle of the volume at 0. */
  private static VoxelSpace sizes(NiftiHeader.Fields fields, long[] dimensions, String origin) {
    Vector i = new Vector(-size(fields, 1, origin), 0, 0);
    Vector j = new Vector(0, size(fields, 2, origin), 0);
    Vector k = new Vector(0, 0, size(fields, 3, origin));
    long depth = dimensions.length > 2 ? dimensions[2] : 1;
    Vector middle =
        i.times((dimensions[0] - 1) / 2.0)
            .plus(j.times((dimensions[1] - 1) / 2.0))
            .plus(k.times((depth - 1) / 2.0));
    return new VoxelSpace(i, j, k, middle.times(-1), Source.SIZES);
  }

  private static double size(NiftiHeader.Fields fields, int index, String origin) {
    double size = fields.pixdim(index);
    if (size == 0) {
      return 1;
    }
    if (!(size > 0) || Double.isInfinite(size)) {
      throw new NiftiFormatException(
          origin, "pixdim[%d]: expected a positive size, found %s".formatted(index, size));
    }
    return size;
  }

  /** The letters of the directions in which indices grow, such as RAS. */
  String axes() {
    return letter(i) + letter(j) + letter(k);
  }

  private static String letter(Vector step) {
    double x = Math.abs(step.x());
    double y = Math.abs(step.y());
    double z = Math.abs(step.z());
    if (x >= y && x >= z) {
      return step.x() > 0 ? "R" : "L";
    }
    if (y >= z) {
      return step.y() > 0 ? "A" : "P";
    }
    return step.z() > 0 ? "S" : "I";
  }
}

package org.vesalius.clinical.imaging.nifti;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.vesalius.clinical.imaging.ColourFrame;
import org.vesalius.clinical.imaging.Frame;
import org.vesalius.clinical.imaging.GreyFrame;
import org.vesalius.clinical.imaging.MedicalImage;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.Placement;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.grey.Display;
import org.vesalius.clinical.imaging.grey.GreyValues;
import org.vesalius.clinical.imaging.grey.ValueRange;
import org.vesalius.clinical.imaging.grey.Window;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * A NIfTI volume, or several, as slices of its third dimension: {@code .nii}, {@code .nii.gz}, or
 * {@code .hdr} and {@code .img}.
 *
 * <p>A slice is stored with the first dimension across and the second down. What is not compressed
 * is read slice by slice; what is, is kept in memory.
 */
public final class NiftiVolume implements MedicalImage {
  /** Largest volume that is decompressed into memory, in bytes. */
  public static final long DEFAULT_MOST_BYTES = 2L << 30;

  private static final double TAIL = 0.005;
  private static final int MOST_SAMPLES = 1 << 18;

  private final NiftiHeader header;
  private final NiftiData data;
  private final String origin;
  private final boolean compressed;
  private final PixelMask mask;
  private final Display.Grey usual;

  private NiftiVolume(NiftiHeader header, NiftiData data, String origin, PixelMask mask) {
    this.header = header;
    this.data = data;
    this.origin = origin;
    this.mask = mask;
    compressed = data instanceof NiftiData.Unpacked;
    usual = usual();
  }

  /** Whether a file begins like a volume, or the header of one. */
  public static boolean matches(Path file) {
    try {
      return NiftiHeader.matches(NiftiData.head(file, NiftiHeader.SIZE_2));
    } catch (IOException e) {
      throw new UncheckedIOException("file " + file + " cannot be read: " + e, e);
    }
  }

  /**
   * Opens a volume.
   *
   * @throws NiftiFormatException if it is damaged, too large, or of a kind that is not read
   * @throws UncheckedIOException if it cannot be read
   */
  public static NiftiVolume open(Path file) {
    return open(file, DEFAULT_MOST_BYTES);
  }

  /**
   * Opens a volume.
   *
   * @param mostBytes largest accepted volume, where all of it comes into memory
   * @throws NiftiFormatException if it is damaged, too large, or of a kind that is not read
   * @throws UncheckedIOException if it cannot be read
   */
  public static NiftiVolume open(Path file, long mostBytes) {
    String origin = file.toString();
    NiftiHeader header;
    try {
      header = NiftiHeader.parse(NiftiData.head(file, NiftiHeader.SIZE_2), origin);
    } catch (IOException e) {
      throw new UncheckedIOException("volume " + file + " cannot be read: " + e, e);
    }
    if (header.pictures() > Integer.MAX_VALUE) {
      throw new NiftiFormatException(
          origin, "expected at most 2147483647 slices, found " + header.pictures());
    }
    Path voxels = header.single() ? file : beside(file, origin);
    NiftiData data = NiftiData.open(header, voxels, origin, mostBytes);
    return new NiftiVolume(header, data, origin, PixelMask.NONE);
  }

  /** The voxels of a header that is a file of its own. */
  private static Path beside(Path file, String origin) {
    String name = Objects.requireNonNull(file.getFileName()).toString();
    for (String ending : List.of(".hdr", ".hdr.gz", ".HDR")) {
      if (!name.endsWith(ending)) {
        continue;
      }
      String stem = name.substring(0, name.length() - ending.length());
      for (String other : List.of(".img", ".img.gz", ".IMG")) {
        Path voxels = file.resolveSibling(stem + other);
        if (Files.isRegularFile(voxels)) {
          return voxels;
        }
      }
    }
    throw new NiftiFormatException(
        origin,
        "a header of its own: expected the voxels in an .img file of the same name beside it");
  }

  private Display.Grey usual() {
    if (header.type().isColour()) {
      return new Display.Grey(Window.ofRange(0, 255), false, "");
    }
    if (header.shownTo() > header.shownFrom()
        && Double.isFinite(header.shownTo() - header.shownFrom())) {
      return new Display.Grey(
          Window.ofRange(header.shownFrom(), header.shownTo()),
          false,
          "the file's own, cal_min to cal_max");
    }
    Window window =
        ValueRange.without(TAIL, sample())
            .map(range -> Window.ofRange(range.least(), range.most()))
            .orElse(Window.ofRange(0, 1));
    return new Display.Grey(
        window,
        false,
        "no window in the file: all but the 0.5% lowest and highest values of the volume");
  }

  /** Voxels from all over the volume, so that all slices are shown alike. */
  private GreyValues sample() {
    int pictures = frames();
    int step = Math.max(1, pictures / 16);
    int taken = (pictures + step - 1) / step;
    int pixels = header.columns() * header.rows();
    int stride = Math.max(1, (int) ((long) pixels * taken / MOST_SAMPLES));
    int perPicture = (pixels + stride - 1) / stride;
    double[] values = new double[Math.multiplyExact(taken, perPicture)];
    List<PixelMask.Rectangle> hidden = hidden(0); // the same in all slices
    int at = 0;
    for (int i = 0; i < pictures; i += step) {
      ByteBuffer bytes = bytes(i);
      for (int p = 0; p < pixels; p += stride) {
        int x = p % header.columns();
        int y = p / header.columns();
        boolean black = hidden.stream().anyMatch(rectangle -> rectangle.holds(x, y));
        values[at++] = black ? Double.NaN : scaled(bytes, p);
      }
    }
    return GreyValues.of(values.length, 1, values);
  }

  private ByteBuffer bytes(int index) {
    return data.picture(index).order(header.order());
  }

  private double scaled(ByteBuffer bytes, int pixel) {
    double stored = header.type().value(bytes, pixel * header.type().bytes());
    return stored * header.slope() + header.intercept();
  }

  @Override
  public String kind() {
    return "NIfTI-" + header.version() + " volume";
  }

  @Override
  public int frames() {
    return (int) header.pictures();
  }

  @Override
  public Frame frame(int index) {
    Objects.checkIndex(index, frames());
    return decoded(index).hiding(hidden(index));
  }

  /** {@inheritDoc} Black pixels do not count for the window that is chosen where none is wanted. */
  @Override
  public NiftiVolume masked(PixelMask other) {
    return new NiftiVolume(header, data, origin, other);
  }

  @Override
  public List<PixelMask.Rectangle> hidden(int index) {
    return mask.in(origin, header.columns(), header.rows(), List.of());
  }

  private Frame decoded(int index) {
    ByteBuffer bytes = bytes(index);
    Placement place = place(index % header.slices());
    if (header.type().isColour()) {
      return colours(bytes, place);
    }
    double[] values = new double[header.columns() * header.rows()];
    for (int i = 0; i < values.length; i++) {
      values[i] = scaled(bytes, i);
    }
    return new GreyFrame(
        GreyValues.of(header.columns(), header.rows(), values),
        List.of(),
        false,
        GreyFrame.Quantity.UNKNOWN,
        Optional.of(usual),
        place);
  }

  private ColourFrame colours(ByteBuffer bytes, Placement place) {
    int pixels = header.columns() * header.rows();
    int step = header.type().bytes();
    byte[] rgb = new byte[Math.multiplyExact(3, pixels)];
    for (int i = 0; i < pixels; i++) {
      bytes.get(i * step, rgb, 3 * i, 3);
    }
    return new ColourFrame(
        new PlacedPicture(
            RasterImage.ofRgb(header.columns(), header.rows(), rgb),
            PixelTransform.of(header.columns(), header.rows()),
            place));
  }

  private Placement place(int slice) {
    VoxelSpace space = header.toSpace();
    PixelSpacing spacing =
        new PixelSpacing(space.i().length(), space.j().length(), PixelSpacing.Place.PATIENT);
    SlicePlane plane =
        new SlicePlane(
            space.origin().plus(space.k().times(slice)),
            space.i(),
            space.j(),
            SlicePlane.Space.RAS);
    return Placement.of(spacing, Optional.of(plane));
  }

  @Override
  public Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    VoxelSpace space = header.toSpace();
    facts.put("columns", header.columns());
    facts.put("rows", header.rows());
    facts.put("slices", header.slices());
    if (frames() != header.slices()) {
      facts.put("volumes", frames() / header.slices());
    }
    facts.put("type", header.type().label());
    facts.put(
        "byte_order", header.order() == ByteOrder.LITTLE_ENDIAN ? "little endian" : "big endian");
    facts.put("compressed", compressed);
    if (header.slope() != 1 || header.intercept() != 0) {
      facts.put("scale_slope", header.slope());
      facts.put("scale_intercept", header.intercept());
    }
    facts.put(
        "voxel_spacing_mm", List.of(space.i().length(), space.j().length(), space.k().length()));
    facts.put("axes", space.axes());
    facts.put("orientation_from", space.source().description());
    return facts;
  }

  @Override
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    if (header.toSpace().source() == VoxelSpace.Source.SIZES) {
      notes.add(
          "the file does not say how the volume lies in the patient: left and right, and what is up, are assumed");
    }
    return notes;
  }

  @Override
  public String toString() {
    return kind() + " " + origin;
  }
}

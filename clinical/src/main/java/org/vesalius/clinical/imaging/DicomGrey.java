package org.vesalius.clinical.imaging;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.RealFrame;
import org.vesalius.clinical.imaging.dicom.StoredFrame;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.imaging.dicom.ValueRepresentation;
import org.vesalius.clinical.imaging.grey.GreyValues;
import org.vesalius.clinical.imaging.grey.LookupTable;
import org.vesalius.clinical.imaging.grey.ModalityTransform;
import org.vesalius.clinical.imaging.grey.Padding;
import org.vesalius.clinical.imaging.grey.VoiTransform;
import org.vesalius.clinical.imaging.grey.Window;

/** What the grey values of a DICOM file mean: Modality LUT, VOI LUT, padding (PS3.3 C.11). */
final class DicomGrey {
  private static final int MOST_ENTRIES = 1 << 16;

  private final String name;
  private final FrameAttributes attributes;

  DicomGrey(String name, FrameAttributes attributes) {
    this.name = name;
    this.attributes = attributes;
  }

  GreyFrame frame(StoredFrame stored, Placement place) {
    DataSet data = attributes.data();
    ModalityTransform modality = modality();
    return new GreyFrame(
        GreyValues.ofStored(
            stored.columns(), stored.rows(), stored.samples(), modality, padding(stored.signed())),
        windows(),
        stored.photometric().equals("MONOCHROME1"),
        quantity(data, modality, stored),
        Optional.empty(),
        place);
  }

  /** Of floating point numbers there is no table; what is padding has no value. */
  GreyFrame frame(RealFrame real, Placement place) {
    double slope = 1;
    double intercept = 0;
    switch (modality()) {
      case ModalityTransform.Identity _ -> {}
      case ModalityTransform.Rescale rescale -> {
        slope = rescale.slope();
        intercept = rescale.intercept();
      }
      case ModalityTransform.Table _ ->
          throw fail("Modality LUT Sequence", "expected none for pixels of floating point");
    }
    double[] padding = realPadding();
    double[] values = real.values();
    for (int i = 0; i < values.length; i++) {
      boolean isPadding = values[i] >= padding[0] && values[i] <= padding[1];
      values[i] = isPadding ? Double.NaN : values[i] * slope + intercept;
    }
    return new GreyFrame(
        GreyValues.of(real.columns(), real.rows(), values),
        windows(),
        real.photometric().equals("MONOCHROME1"),
        GreyFrame.Quantity.OTHER,
        Optional.empty(),
        place);
  }

  /** From and to; no number lies between two that are none. */
  private double[] realPadding() {
    DataSet data = attributes.data();
    OptionalDouble value = data.number(Tag.FLOAT_PIXEL_PADDING_VALUE);
    OptionalDouble limit = data.number(Tag.FLOAT_PIXEL_PADDING_RANGE_LIMIT);
    if (value.isEmpty()) {
      value = data.number(Tag.DOUBLE_FLOAT_PIXEL_PADDING_VALUE);
      limit = data.number(Tag.DOUBLE_FLOAT_PIXEL_PADDING_RANGE_LIMIT);
    }
    double one = value.orElse(Double.NaN);
    double other = limit.orElse(one);
    return new double[] {Math.min(one, other), Math.max(one, other)};
  }

  private GreyFrame.Quantity quantity(
      DataSet data, ModalityTransform modality, StoredFrame stored) {
    String kind = data.text(Tag.MODALITY).orElse("");
    String unit = transformation().text(Tag.RESCALE_TYPE).orElse("HU");
    if (kind.equals("CT") && unit.equals("HU") && modality instanceof ModalityTransform.Rescale) {
      return GreyFrame.Quantity.HOUNSFIELD;
    }
    boolean asStored = modality instanceof ModalityTransform.Identity;
    return asStored && !stored.signed() && stored.bitsStored() == 8
        ? GreyFrame.Quantity.BRIGHTNESS
        : GreyFrame.Quantity.OTHER;
  }

  private DataSet transformation() {
    return attributes.group(Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
  }

  /** A table before a slope, a slope only with its intercept, else values as stored. */
  ModalityTransform modality() {
    List<DataSet> tables = attributes.data().items(Tag.MODALITY_LUT_SEQUENCE);
    if (!tables.isEmpty()) {
      return new ModalityTransform.Table(table(tables.getFirst(), "Modality LUT Sequence"));
    }
    DataSet group = transformation();
    OptionalDouble slope = group.number(Tag.RESCALE_SLOPE);
    OptionalDouble intercept = group.number(Tag.RESCALE_INTERCEPT);
    if (slope.isEmpty() || intercept.isEmpty()) {
      return new ModalityTransform.Identity();
    }
    try {
      return new ModalityTransform.Rescale(slope.getAsDouble(), intercept.getAsDouble());
    } catch (IllegalArgumentException e) {
      throw new MedicalImageException(name + ": DICOM: " + e.getMessage(), e);
    }
  }

  /** Tables first, then windows; those that the standard does not allow are left out. */
  List<VoiTransform> windows() {
    List<VoiTransform> all = new ArrayList<>();
    DataSet group = attributes.group(Tag.FRAME_VOI_LUT_SEQUENCE);
    for (DataSet item : attributes.data().items(Tag.VOI_LUT_SEQUENCE)) {
      all.add(new VoiTransform.Table(table(item, "VOI LUT Sequence")));
    }
    double[] centres = group.numbers(Tag.WINDOW_CENTER);
    double[] widths = group.numbers(Tag.WINDOW_WIDTH);
    Optional<Window.Function> function = function(group);
    for (int i = 0; i < Math.min(centres.length, widths.length) && function.isPresent(); i++) {
      double least = function.get() == Window.Function.LINEAR ? 1 : Double.MIN_VALUE;
      if (widths[i] >= least && Double.isFinite(widths[i]) && Double.isFinite(centres[i])) {
        all.add(new Window(centres[i], widths[i], function.get()));
      }
    }
    return all;
  }

  private static Optional<Window.Function> function(DataSet group) {
    String text =
        group.text(Tag.VOI_LUT_FUNCTION).orElse("LINEAR").toUpperCase(Locale.ROOT).strip();
    return Arrays.stream(Window.Function.values()).filter(f -> f.name().equals(text)).findFirst();
  }

  /** Whether the file has windows that cannot be used. */
  boolean hasUnusableWindows() {
    DataSet group = attributes.group(Tag.FRAME_VOI_LUT_SEQUENCE);
    int usable = windows().size() - attributes.data().items(Tag.VOI_LUT_SEQUENCE).size();
    return usable
        < Math.max(group.numbers(Tag.WINDOW_CENTER).length, group.numbers(Tag.WINDOW_WIDTH).length);
  }

  private LookupTable table(DataSet item, String sequence) {
    long[] descriptor = item.integers(Tag.LUT_DESCRIPTOR);
    if (descriptor.length != 3) {
      throw fail(sequence, "LUT Descriptor: expected 3 values, found " + descriptor.length);
    }
    int count = (int) descriptor[0] & 0xffff;
    count = count == 0 ? MOST_ENTRIES : count;
    int bits = (int) descriptor[2];
    if (bits < 1 || bits > 16) {
      throw fail(sequence, "LUT Descriptor: expected entries of 1 to 16 bits, found " + bits);
    }
    long[] words = item.integers(Tag.LUT_DATA);
    boolean bytes =
        item.representation(Tag.LUT_DATA).filter(ValueRepresentation.OB::equals).isPresent();
    if (bytes && bits > 8) {
      throw fail(
          sequence, "LUT Data: expected words for entries of %d bits, found bytes".formatted(bits));
    }
    int[] entries = new int[count];
    // Entries of 8 bits may be packed two in a word, the first in its lower half.
    boolean packed = words.length < count && bits <= 8 && words.length >= (count + 1) / 2;
    if (words.length < count && !packed) {
      throw fail(
          sequence, "LUT Data: expected %d entries, found %d".formatted(count, words.length));
    }
    for (int i = 0; i < count; i++) {
      entries[i] = packed ? (int) (words[i / 2] >> (8 * (i % 2))) & 0xff : (int) words[i] & 0xffff;
    }
    return new LookupTable((int) descriptor[1], bits, entries);
  }

  private MedicalImageException fail(String sequence, String problem) {
    return new MedicalImageException(name + ": DICOM: " + sequence + ": " + problem);
  }

  private Padding padding(boolean signed) {
    DataSet data = attributes.data();
    long[] value = data.integers(Tag.PIXEL_PADDING_VALUE);
    if (value.length == 0) {
      return Padding.NONE;
    }
    long[] limit = data.integers(Tag.PIXEL_PADDING_RANGE_LIMIT);
    int first = asPixel(value[0], signed);
    return Padding.between(first, limit.length == 0 ? first : asPixel(limit[0], signed));
  }

  /** The element may be stored with the other sign. */
  private static int asPixel(long value, boolean signed) {
    return signed ? (short) value : (int) value & 0xffff;
  }
}

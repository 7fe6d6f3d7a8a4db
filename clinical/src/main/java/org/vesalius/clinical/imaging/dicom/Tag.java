package org.vesalius.clinical.imaging.dicom;

/**
 * The number of a data element: a group and an element, 16 bits each (PS3.5 7.1). Ordered as in a
 * file. Constants are named by the keywords of PS3.6.
 *
 * @param value the group in the upper, the element in the lower 16 bits
 */
public record Tag(int value) implements Comparable<Tag> {
  public static final Tag TRANSFER_SYNTAX_UID = new Tag(0x0002_0010);
  public static final Tag SPECIFIC_CHARACTER_SET = new Tag(0x0008_0005);
  public static final Tag IMAGE_TYPE = new Tag(0x0008_0008);
  public static final Tag SOP_CLASS_UID = new Tag(0x0008_0016);
  public static final Tag SOP_INSTANCE_UID = new Tag(0x0008_0018);
  public static final Tag MODALITY = new Tag(0x0008_0060);
  public static final Tag CONVERSION_TYPE = new Tag(0x0008_0064);
  public static final Tag BODY_PART_EXAMINED = new Tag(0x0018_0015);
  public static final Tag SLICE_THICKNESS = new Tag(0x0018_0050);
  public static final Tag SPACING_BETWEEN_SLICES = new Tag(0x0018_0088);
  public static final Tag IMAGER_PIXEL_SPACING = new Tag(0x0018_1164);
  public static final Tag NOMINAL_SCANNED_PIXEL_SPACING = new Tag(0x0018_2010);
  public static final Tag SEQUENCE_OF_ULTRASOUND_REGIONS = new Tag(0x0018_6011);
  public static final Tag STUDY_INSTANCE_UID = new Tag(0x0020_000d);
  public static final Tag SERIES_INSTANCE_UID = new Tag(0x0020_000e);
  public static final Tag SERIES_NUMBER = new Tag(0x0020_0011);
  public static final Tag INSTANCE_NUMBER = new Tag(0x0020_0013);
  public static final Tag PATIENT_ORIENTATION = new Tag(0x0020_0020);
  public static final Tag IMAGE_POSITION_PATIENT = new Tag(0x0020_0032);
  public static final Tag IMAGE_ORIENTATION_PATIENT = new Tag(0x0020_0037);
  public static final Tag FRAME_OF_REFERENCE_UID = new Tag(0x0020_0052);
  public static final Tag SLICE_LOCATION = new Tag(0x0020_1041);
  public static final Tag PLANE_POSITION_SEQUENCE = new Tag(0x0020_9113);
  public static final Tag PLANE_ORIENTATION_SEQUENCE = new Tag(0x0020_9116);
  public static final Tag SAMPLES_PER_PIXEL = new Tag(0x0028_0002);
  public static final Tag PHOTOMETRIC_INTERPRETATION = new Tag(0x0028_0004);
  public static final Tag PLANAR_CONFIGURATION = new Tag(0x0028_0006);
  public static final Tag NUMBER_OF_FRAMES = new Tag(0x0028_0008);
  public static final Tag ROWS = new Tag(0x0028_0010);
  public static final Tag COLUMNS = new Tag(0x0028_0011);
  public static final Tag PIXEL_SPACING = new Tag(0x0028_0030);
  public static final Tag PIXEL_ASPECT_RATIO = new Tag(0x0028_0034);
  public static final Tag BITS_ALLOCATED = new Tag(0x0028_0100);
  public static final Tag BITS_STORED = new Tag(0x0028_0101);
  public static final Tag HIGH_BIT = new Tag(0x0028_0102);
  public static final Tag PIXEL_REPRESENTATION = new Tag(0x0028_0103);
  public static final Tag PIXEL_PADDING_VALUE = new Tag(0x0028_0120);
  public static final Tag PIXEL_PADDING_RANGE_LIMIT = new Tag(0x0028_0121);
  public static final Tag FLOAT_PIXEL_PADDING_VALUE = new Tag(0x0028_0122);
  public static final Tag DOUBLE_FLOAT_PIXEL_PADDING_VALUE = new Tag(0x0028_0123);
  public static final Tag FLOAT_PIXEL_PADDING_RANGE_LIMIT = new Tag(0x0028_0124);
  public static final Tag DOUBLE_FLOAT_PIXEL_PADDING_RANGE_LIMIT = new Tag(0x0028_0125);
  public static final Tag BURNED_IN_ANNOTATION = new Tag(0x0028_0301);
  public static final Tag WINDOW_CENTER = new Tag(0x0028_1050);
  public static final Tag WINDOW_WIDTH = new Tag(0x0028_1051);
  public static final Tag RESCALE_INTERCEPT = new Tag(0x0028_1052);
  public static final Tag RESCALE_SLOPE = new Tag(0x0028_1053);
  public static final Tag RESCALE_TYPE = new Tag(0x0028_1054);
  public static final Tag WINDOW_CENTER_WIDTH_EXPLANATION = new Tag(0x0028_1055);
  public static final Tag VOI_LUT_FUNCTION = new Tag(0x0028_1056);
  public static final Tag MODALITY_LUT_SEQUENCE = new Tag(0x0028_3000);
  public static final Tag LUT_DESCRIPTOR = new Tag(0x0028_3002);
  public static final Tag LUT_EXPLANATION = new Tag(0x0028_3003);
  public static final Tag MODALITY_LUT_TYPE = new Tag(0x0028_3004);
  public static final Tag LUT_DATA = new Tag(0x0028_3006);
  public static final Tag VOI_LUT_SEQUENCE = new Tag(0x0028_3010);
  public static final Tag PIXEL_MEASURES_SEQUENCE = new Tag(0x0028_9110);
  public static final Tag FRAME_VOI_LUT_SEQUENCE = new Tag(0x0028_9132);
  public static final Tag PIXEL_VALUE_TRANSFORMATION_SEQUENCE = new Tag(0x0028_9145);
  public static final Tag PRESENTATION_LUT_SHAPE = new Tag(0x2050_0020);
  public static final Tag SHARED_FUNCTIONAL_GROUPS_SEQUENCE = new Tag(0x5200_9229);
  public static final Tag PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE = new Tag(0x5200_9230);
  public static final Tag PIXEL_DATA = new Tag(0x7fe0_0010);

  static final Tag EXTENDED_OFFSET_TABLE = new Tag(0x7fe0_0001);
  static final Tag EXTENDED_OFFSET_TABLE_LENGTHS = new Tag(0x7fe0_0002);
  static final Tag FLOAT_PIXEL_DATA = new Tag(0x7fe0_0008);
  static final Tag DOUBLE_FLOAT_PIXEL_DATA = new Tag(0x7fe0_0009);
  static final Tag ITEM = new Tag(0xfffe_e000);
  static final Tag ITEM_DELIMITATION_ITEM = new Tag(0xfffe_e00d);
  static final Tag SEQUENCE_DELIMITATION_ITEM = new Tag(0xfffe_e0dd);

  public static Tag of(int group, int element) {
    if ((group & ~0xffff) != 0 || (element & ~0xffff) != 0) {
      throw new IllegalArgumentException(
          "expected a group and an element of 16 bits, found %x and %x".formatted(group, element));
    }
    return new Tag(group << 16 | element);
  }

  public int group() {
    return value >>> 16;
  }

  public int element() {
    return value & 0xffff;
  }

  /** Whether it belongs to a vendor and not to the standard. */
  public boolean isPrivate() {
    return (value & 0x1_0000) != 0;
  }

  @Override
  public int compareTo(Tag other) {
    return Integer.compareUnsigned(value, other.value);
  }

  /** As in the standard, and the keyword where known: {@code (0028,0010) Rows}. */
  @Override
  public String toString() {
    String number = "(%04x,%04x)".formatted(group(), element());
    Attribute known = Dictionary.find(this);
    return known == null || known.keyword().isEmpty() ? number : number + " " + known.keyword();
  }
}

package org.vesalius.runtime.vision.image;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the orientation tag in EXIF data, or in XMP when EXIF has none, as Pillow's {@code
 * exif_transpose} does. Broken metadata counts as absent: it must not hide a readable picture.
 */
final class ExifOrientation {
  private static final int ORIENTATION = 0x0112;
  private static final int SHORT = 3;
  private static final int LONG = 4;
  private static final String PREFIX = "Exif\0\0";
  private static final Pattern XMP = Pattern.compile("tiff:Orientation(?:=\"|>)([0-9])");

  private @Nullable Integer fromExif;
  private @Nullable Integer fromXmp;

  /** Reads an EXIF block: a TIFF header and directory, perhaps after the bytes "Exif", 0, 0. */
  void addExif(byte[] bytes, int offset, int length) {
    int from = offset;
    int left = length;
    while (left >= PREFIX.length()
        && new String(bytes, from, PREFIX.length(), StandardCharsets.ISO_8859_1).equals(PREFIX)) {
      from += PREFIX.length();
      left -= PREFIX.length();
    }
    if (fromExif == null) {
      fromExif = find(bytes, from, left, ORIENTATION);
    }
  }

  /** Reads an XMP packet. */
  void addXmp(byte[] bytes, int offset, int length) {
    if (fromXmp == null) {
      Matcher matcher = XMP.matcher(new String(bytes, offset, length, StandardCharsets.ISO_8859_1));
      if (matcher.find()) {
        fromXmp = Integer.valueOf(matcher.group(1));
      }
    }
  }

  /** The orientation that was found; upright without any. */
  Orientation orientation() {
    Integer code = fromExif != null ? fromExif : fromXmp;
    return code == null ? Orientation.TOP_LEFT : Orientation.ofExif(code);
  }

  /** First value of a tag in the first directory of a TIFF block, or null. */
  static @Nullable Integer find(byte[] bytes, int start, int length, int tag) {
    if (length < 8) {
      return null;
    }
    boolean little = bytes[start] == 'I' && bytes[start + 1] == 'I';
    if (!little && !(bytes[start] == 'M' && bytes[start + 1] == 'M')) {
      return null;
    }
    if (number(bytes, start + 2, 2, little) != 42) {
      return null;
    }
    long directory = number(bytes, start + 4, 4, little);
    if (directory > length - 2) {
      return null;
    }
    int at = start + (int) directory;
    long entries = Math.min(number(bytes, at, 2, little), (length - directory - 2) / 12);
    for (int i = 0; i < entries; i++) {
      int entry = at + 2 + 12 * i;
      if (number(bytes, entry, 2, little) == tag) {
        long type = number(bytes, entry + 2, 2, little);
        int size = type == SHORT ? 2 : type == LONG ? 4 : 0;
        return size == 0 ? null : (Integer) (int) number(bytes, entry + 8, size, little);
      }
    }
    return null;
  }

  private static long number(byte[] bytes, int at, int size, boolean little) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value = (value << 8) | (bytes[little ? at + size - 1 - i : at + i] & 0xff);
    }
    return value;
  }
}

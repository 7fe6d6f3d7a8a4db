package org.vesalius.clinical.imaging.dicom;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which fragments of encapsulated pixel data make which frame (PS3.5 A.4): by the extended offset
 * table, one each, by the basic offset table, or by how streams of the codec begin. What these do
 * not settle is refused.
 */
final class FrameIndex {
  private final Element pixels;
  private final Fragments fragments;

  /** First fragment of each frame, and the number of fragments. */
  private final int[] first;

  /** Bytes of each frame where an extended offset table says them. */
  private final long @Nullable [] lengths;

  private FrameIndex(Element pixels, Fragments fragments, int[] first, long @Nullable [] lengths) {
    this.pixels = pixels;
    this.fragments = fragments;
    this.first = first;
    this.lengths = lengths;
  }

  /**
   * @param rleSegments in each frame of RLE; 0 for other codecs
   */
  static FrameIndex of(
      DataSet data, Element pixels, Fragments fragments, int frames, int rleSegments) {
    if (data.contains(Tag.EXTENDED_OFFSET_TABLE)) {
      return extended(data, pixels, fragments, frames);
    }
    int[] first = new int[frames + 1];
    first[frames] = fragments.count();
    if (frames == fragments.count()) {
      // There is no other way, whatever an offset table says.
      Arrays.setAll(first, i -> i);
    } else if (frames > 1) {
      if (fragments.tableLength() > 0) {
        readTable(pixels, fragments, first);
      } else {
        findStarts(pixels, fragments, first, rleSegments);
      }
    }
    return new FrameIndex(pixels, fragments, first, null);
  }

  /** The coded frame. */
  byte[] frame(int index) {
    long size = 0;
    for (int i = first[index]; i < first[index + 1]; i++) {
      size += fragments.lengths()[i];
    }
    if (lengths != null) {
      size = lengths[index];
    }
    if (size > Integer.MAX_VALUE - 8) {
      throw pixels.fail("expected a coded frame below 2 GiB, found " + size + " bytes");
    }
    byte[] frame = new byte[(int) size];
    int filled = 0;
    for (int i = first[index]; i < first[index + 1] && filled < frame.length; i++) {
      int part = (int) Math.min(fragments.lengths()[i], frame.length - filled);
      pixels.source().copy(fragments.starts()[i], frame, filled, part);
      filled += part;
    }
    return frame;
  }

  /** Where in the file a byte of a coded frame lies. */
  long place(int index, long at) {
    int i = first[index];
    long left = at;
    while (i + 1 < first[index + 1] && left >= fragments.lengths()[i]) {
      left -= fragments.lengths()[i++];
    }
    return fragments.starts()[i] + left;
  }

  private static void readTable(Element pixels, Fragments fragments, int[] first) {
    int frames = first.length - 1;
    if (fragments.tableLength() != 4L * frames) {
      throw pixels.fail(
          "corrupt: expected a basic offset table of %d bytes for %d frames, found %d"
              .formatted(4L * frames, frames, fragments.tableLength()));
    }
    for (int frame = 0; frame < frames; frame++) {
      long offset = pixels.source().u32(fragments.tableAt() + 4L * frame, pixels.bigEndian());
      first[frame] = fragmentAt(pixels, fragments, offset);
    }
    for (int frame = 0; frame < frames; frame++) {
      if (first[frame] >= first[frame + 1] || first[0] != 0) {
        throw pixels.fail("corrupt: expected ascending offsets in the basic offset table");
      }
    }
  }

  private static FrameIndex extended(
      DataSet data, Element pixels, Fragments fragments, int frames) {
    long[] offsets = data.integers(Tag.EXTENDED_OFFSET_TABLE);
    long[] lengths = data.integers(Tag.EXTENDED_OFFSET_TABLE_LENGTHS);
    if (offsets.length != frames || lengths.length != frames || fragments.count() != frames) {
      throw pixels.fail(
          "corrupt: expected %d offsets, lengths and fragments for the extended offset table, found %d, %d and %d"
              .formatted(frames, offsets.length, lengths.length, fragments.count()));
    }
    int[] first = new int[frames + 1];
    Arrays.setAll(first, i -> i);
    for (int frame = 0; frame < frames; frame++) {
      boolean fits = lengths[frame] >= 0 && lengths[frame] <= fragments.lengths()[frame];
      if (fragmentAt(pixels, fragments, offsets[frame]) != frame || !fits) {
        throw pixels.fail("corrupt: the extended offset table does not name the fragments");
      }
    }
    return new FrameIndex(pixels, fragments, first, lengths);
  }

  private static int fragmentAt(Element pixels, Fragments fragments, long offset) {
    long value = fragments.tableAt() + fragments.tableLength() + offset + 8;
    int found = Arrays.binarySearch(fragments.starts(), value);
    if (found < 0) {
      throw pixels.fail(
          "corrupt: expected a fragment at offset %d of an offset table, found none"
              .formatted(offset));
    }
    return found;
  }

  private static void findStarts(
      Element pixels, Fragments fragments, int[] first, int rleSegments) {
    int found = 0;
    for (int i = 0; i < fragments.count(); i++) {
      boolean start =
          rleSegments == 0
              ? isStart(pixels, fragments, i)
              : isRleStart(pixels, fragments, i, rleSegments);
      if (start) {
        if (found < first.length - 1) {
          first[found] = i;
        }
        found++;
      }
    }
    if (found != first.length - 1 || first[0] != 0) {
      throw pixels.fail(
          "expected an offset table or %d fragments for %d frames, found %d fragments, %d of them"
                  .formatted(first.length - 1, first.length - 1, fragments.count(), found)
              + " starting a picture");
    }
  }

  /** Start of image, or start of codestream and size, or the signature of a JP2 file. */
  private static boolean isStart(Element pixels, Fragments fragments, int i) {
    long at = fragments.starts()[i];
    long length = fragments.lengths()[i];
    if (length < 4) {
      return false;
    }
    int four = pixels.source().i32(at, true);
    return four >>> 8 == 0xffd8ff || four == 0xff4fff51 || four == 0x0000000c;
  }

  /** A header of RLE; DCMTK splits such frames too, though PS3.5 A.4.2 says not to. */
  private static boolean isRleStart(Element pixels, Fragments fragments, int i, int segments) {
    long at = fragments.starts()[i];
    ByteSource source = pixels.source();
    if (fragments.lengths()[i] < RleDecoder.HEADER || source.u32(at, false) != segments) {
      return false;
    }
    long before = RleDecoder.HEADER;
    boolean header = source.u32(at + 4, false) == before;
    for (int segment = 1; segment < RleDecoder.MAX_SEGMENTS && header; segment++) {
      long offset = source.u32(at + 4 + 4L * segment, false);
      header = segment < segments ? offset > before : offset == 0;
      before = offset;
    }
    return header;
  }
}

package org.vesalius.clinical.imaging.dicom;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One element of a data set: where its value lies.
 *
 * @param source what it was read from
 * @param start of the element, for messages
 * @param at start of the value
 * @param length bytes of the value; of a sequence or of fragments with all that delimits them
 * @param bigEndian order of bytes in its values
 * @param items of a sequence
 * @param fragments of encapsulated pixel data
 */
record Element(
    Tag tag,
    ValueRepresentation representation,
    ByteSource source,
    long start,
    long at,
    long length,
    boolean bigEndian,
    @Nullable List<DataSet> items,
    @Nullable Fragments fragments) {

  Element(
      Tag tag,
      ValueRepresentation representation,
      ByteSource source,
      long start,
      long at,
      long length,
      boolean bigEndian) {
    this(tag, representation, source, start, at, length, bigEndian, null, null);
  }

  DicomFormatException fail(String problem) {
    return source.fail(tag, start, problem);
  }
}

package org.vesalius.clinical.imaging.dicom;

/**
 * The items of encapsulated pixel data (PS3.5 A.4).
 *
 * @param tableAt start of the basic offset table
 * @param tableLength its bytes; 0 for an empty one
 * @param starts where the values of the other items start
 * @param lengths their bytes
 */
@SuppressWarnings("ArrayRecordComponent") // inside this package; never compared
record Fragments(long tableAt, long tableLength, long[] starts, long[] lengths) {
  int count() {
    return starts.length;
  }
}

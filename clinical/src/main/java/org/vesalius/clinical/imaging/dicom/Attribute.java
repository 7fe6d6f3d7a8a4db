package org.vesalius.clinical.imaging.dicom;

/**
 * What PS3.6 says about a tag.
 *
 * @param representation how its values are stored
 * @param signednessVaries whether values of two bytes are signed as the pixels are ("US or SS")
 * @param keyword its name in one word; empty where it has none
 * @param exposure what a de-identified copy does with it
 */
record Attribute(
    ValueRepresentation representation,
    boolean signednessVaries,
    String keyword,
    Exposure exposure) {

  /** What PS3.15 Annex E lets out of a hospital, by a list of what may leave. */
  enum Exposure {
    /** Says nothing about a person, a place or a time: kept, and shown in messages. */
    KEPT,
    /** A unique identifier that holds things together: replaced or dropped. */
    REPLACED,
    DROPPED
  }
}

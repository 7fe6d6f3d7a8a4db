package org.vesalius.clinical.imaging;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a medical file, or a folder of files, holds: one picture or many. Pictures are decoded when
 * they are asked for; nothing stays open between. Safe for use by several threads.
 */
public interface MedicalImage {

  /** What it is, such as {@code NIfTI-1 volume}. */
  String kind();

  /** Pictures in all: frames of a file, slices of a volume or a series. */
  int frames();

  /**
   * Decodes a picture.
   *
   * @param index from 0
   * @throws MedicalImageException if it is damaged or of a kind that is not supported
   * @throws IndexOutOfBoundsException if there is no such picture
   */
  Frame frame(int index);

  /**
   * What is known, by names in lower case with underscores: strings, numbers, booleans, lists and
   * maps of these. Nothing in it identifies a patient.
   */
  Map<String, Object> facts();

  /** What a reader should know, such as gaps in a series; a sentence each. */
  List<String> notes();

  /**
   * The same with some pixels black in all frames, whatever is stored there: frames, and all that
   * is made of them, do not hold these pixels. Where things are stays as it was. In place of the
   * mask so far.
   *
   * @throws MedicalImageException if the mask does not fit; where frames differ in size, {@link
   *     #frame} may say so instead
   */
  MedicalImage masked(PixelMask mask);

  /**
   * The rectangles of a frame that are black because of a mask, in its stored pixels; of a slide in
   * those of its full size.
   *
   * @throws MedicalImageException if the mask does not fit
   */
  default List<PixelMask.Rectangle> hidden(int index) {
    return List.of();
  }

  /**
   * Text that is to be expected in the pictures; empty where none is, and where a mask is given.
   */
  default Optional<BurnedInText> burnedIn() {
    return Optional.empty();
  }
}

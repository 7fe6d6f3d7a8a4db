package org.vesalius.clinical.imaging.dicom;

/** A frame that its codec cannot read; whoever knows the file puts it into words. */
final class CodecException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Position in the coded frame. */
  final long at;

  CodecException(long at, String problem) {
    super(problem, null, false, false);
    this.at = at;
  }

  String problem() {
    return String.valueOf(getMessage());
  }
}

package org.vesalius.clinical.imaging.dicom;

/**
 * A DICOM file that does not say what PS3.5 and PS3.10 let a file say: truncated, corrupt,
 * contradicting itself or over a limit.
 *
 * <p>The message reads {@code file: element at byte n: what is wrong; expected …, found …; remedy}.
 * It is the only exception that the content of a file can cause besides {@link
 * UnsupportedTransferSyntaxException}, and never holds a value that could tell who the patient is.
 */
public final class DicomFormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DicomFormatException(String message) {
    super(message);
  }
}

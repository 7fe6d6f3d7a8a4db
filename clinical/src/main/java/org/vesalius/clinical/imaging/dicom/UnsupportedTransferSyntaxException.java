package org.vesalius.clinical.imaging.dicom;

/**
 * Pixels in a transfer syntax that cannot be decoded here. The metadata of such a file can be read.
 */
public final class UnsupportedTransferSyntaxException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient TransferSyntax transferSyntax;

  UnsupportedTransferSyntaxException(String file, TransferSyntax transferSyntax) {
    super(
        file
            + ": transfer syntax "
            + transferSyntax
            + " cannot be decoded here; convert the file to Explicit VR Little Endian, JPEG 2000,"
            + " JPEG-LS, RLE or JPEG Lossless");
    this.transferSyntax = transferSyntax;
  }

  /** What the file says its pixels are stored in. */
  public TransferSyntax transferSyntax() {
    return transferSyntax;
  }
}

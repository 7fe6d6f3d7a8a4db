package org.vesalius.clinical.imaging.nifti;

import org.vesalius.clinical.imaging.MedicalImageException;

/** A NIfTI file that is damaged, or of a kind that is not read. */
public final class NiftiFormatException extends MedicalImageException {
  private static final long serialVersionUID = 1L;

  NiftiFormatException(String origin, String problem) {
    super(origin + ": NIfTI: " + problem);
  }

  NiftiFormatException(String origin, String problem, Throwable cause) {
    super(origin + ": NIfTI: " + problem, cause);
  }
}

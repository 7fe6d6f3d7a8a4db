package org.vesalius.clinical.imaging;

/**
 * A medical picture that cannot be used, or not as it is wanted. The message says what, where, what
 * was expected and found; it has no text of a patient.
 */
public class MedicalImageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A refusal. */
  public MedicalImageException(String message) {
    super(message);
  }

  /** A refusal with its cause. */
  public MedicalImageException(String message, Throwable cause) {
    super(message, cause);
  }
}

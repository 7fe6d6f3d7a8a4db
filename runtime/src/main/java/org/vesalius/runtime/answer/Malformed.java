package org.vesalius.runtime.answer;

/**
 * Ends the reading of one call or place; becomes a reported reason and never leaves the package.
 */
final class Malformed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Malformed(String reason) {
    // No stack trace: a hostile text may make a hundred thousand of these.
    super(reason, null, false, false);
  }
}

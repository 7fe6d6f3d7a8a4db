package org.vesalius.clinical.trace;

/**
 * A passage of a document that says something.
 *
 * @param source id of the document, such as its path inside the knowledge folder
 * @param title of the document
 * @param quote the passage, literally
 * @param start where it begins in the document's text, in UTF-16 units
 * @param end where it ends, exclusive
 * @param sha256 of the document's file, in hexadecimal
 */
public record SourceQuote(
    String source, String title, String quote, int start, int end, String sha256) {
  /** Checks the span. */
  public SourceQuote {
    if (start < 0 || end - start != quote.length()) {
      throw new IllegalArgumentException(
          "quote: expected a span of %d characters, found %d to %d"
              .formatted(quote.length(), start, end));
    }
  }
}

package org.vesalius.clinical.report;

import java.util.List;
import org.vesalius.clinical.trace.SourceQuote;

/** Finds passages of documents that are about something. */
@FunctionalInterface
public interface QuoteFinder {
  /** Knows nothing. */
  QuoteFinder NONE = _ -> List.of();

  /**
   * Passages that name it, the best first.
   *
   * @param subject such as the name of a finding
   */
  List<SourceQuote> quotes(String subject);
}

package org.vesalius.clinical.report;

import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TracePlace;

/** Something that can be looked at and that carries a sentence. */
public sealed interface Evidence {

  /**
   * A place in a picture.
   *
   * @param place where
   * @param step index of the step of the trace that found it; -1 for none
   * @param finding id of the template's finding that was looked for; may be empty
   */
  record Region(TracePlace place, int step, String finding) implements Evidence {}

  /**
   * A measured length.
   *
   * @param measurement index in {@link Report#measurements}
   */
  record Measured(int measurement) implements Evidence {}

  /**
   * A passage of a document.
   *
   * @param quote the passage
   */
  record Quoted(SourceQuote quote) implements Evidence {}
}

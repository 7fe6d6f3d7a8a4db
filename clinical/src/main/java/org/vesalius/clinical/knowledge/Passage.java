package org.vesalius.clinical.knowledge;

import org.vesalius.clinical.trace.SourceQuote;

/**
 * A part of a document that was found.
 *
 * @param document that it is of
 * @param start where it begins in the document's text
 * @param end where it ends, exclusive
 * @param score how well it fits; comparable only within one search
 */
public record Passage(KnowledgeDocument document, int start, int end, double score) {

  /** The passage, literally. */
  public String text() {
    return document.text().substring(start, end);
  }

  /** As a source. */
  public SourceQuote quote() {
    return new SourceQuote(document.id(), document.title(), text(), start, end, document.sha256());
  }

  /** The part of at most {@code length} characters that has most of the words of a query. */
  public Passage excerpt(String query, int length) {
    return Excerpt.of(this, query, length);
  }
}

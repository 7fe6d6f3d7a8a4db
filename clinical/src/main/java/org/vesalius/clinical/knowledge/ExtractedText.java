package org.vesalius.clinical.knowledge;

import java.util.Optional;

/**
 * What can be read in a file.
 *
 * @param title as it says itself
 * @param text cleaned
 */
record ExtractedText(Optional<String> title, String text) {
  private static final int TITLE = 160;

  static ExtractedText of(String title, String text) {
    String line = Texts.oneLine(title, TITLE);
    return new ExtractedText(
        line.isEmpty() ? Optional.empty() : Optional.of(line), Texts.clean(text));
  }
}

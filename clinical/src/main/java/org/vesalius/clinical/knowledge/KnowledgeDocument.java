package org.vesalius.clinical.knowledge;

/**
 * A document of a knowledge folder.
 *
 * @param id its path inside the folder, with {@code /} between names
 * @param title as it says itself, otherwise the name of its file
 * @param text what can be read in it; places in it are counted in UTF-16 units
 * @param sha256 of its file, in hexadecimal
 */
public record KnowledgeDocument(String id, String title, String text, String sha256) {

  /** Which it is, without what it says. */
  @Override
  public String toString() {
    return "KnowledgeDocument[" + id + ", " + text.length() + " characters]";
  }
}

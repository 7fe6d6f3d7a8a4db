package org.vesalius.tokenizer;

/**
 * A token that is looked for in the text itself, before the model splits it.
 *
 * @param id the id it becomes
 * @param content the text it stands for
 * @param singleWord found only where a word character is on neither side of it
 * @param lstrip the white space before it belongs to it
 * @param rstrip the white space after it belongs to it
 * @param normalized looked for in the normalized text instead of the raw text
 * @param special left out by a decode that skips special tokens
 */
public record AddedToken(
    int id,
    String content,
    boolean singleWord,
    boolean lstrip,
    boolean rstrip,
    boolean normalized,
    boolean special) {}

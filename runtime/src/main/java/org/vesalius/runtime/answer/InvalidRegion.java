package org.vesalius.runtime.answer;

/**
 * Something written like a place in a picture that is none.
 *
 * @param raw the text as the model wrote it
 * @param start index of the text in the answer, special tokens left out
 * @param end index after it
 * @param reason what is wrong with it
 */
public record InvalidRegion(String raw, int start, int end, String reason) {}

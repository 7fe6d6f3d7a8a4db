package org.vesalius.runtime.prompt;

/**
 * An added token of a tokenizer: a string that it turns into one id wherever it stands in a text.
 *
 * @param content the string
 * @param special whether the tokenizer flags it as special, as it does with {@code <|im_end|>} but
 *     not with {@code </think>}
 */
public record ControlToken(String content, boolean special) {}

package org.vesalius.tokenizer;

/**
 * Decides, place by place, whether a piece of text that reads like an added token becomes that
 * token.
 *
 * <p>This is how text from a user is kept from turning into control tokens: the caller knows which
 * part of a prompt came from whom. A refused token is treated as if it were not in the vocabulary
 * at that place: a shorter or later token may still be found inside or after it, and what remains
 * is ordinary text.
 */
@FunctionalInterface
public interface AddedTokenFilter {
  /** Every added token is recognised everywhere, as the reference does by default. */
  AddedTokenFilter ALL = (token, start, end) -> true;

  /** No added token is recognised: the whole text is ordinary text. */
  AddedTokenFilter NONE = (token, start, end) -> false;

  /**
   * Whether {@code text.substring(start, end)} becomes {@code token}.
   *
   * @param token the token found, {@link AddedToken#special()} or not
   * @param start UTF-16 offset in the text given to {@code encode}; white space taken by {@code
   *     lstrip} is not part of the range
   * @param end UTF-16 offset after its last character; white space taken by {@code rstrip} is not
   *     part of the range. For a token that is looked for in normalized text, and where
   *     normalization changed the text, the range may be wider than the token: it covers every
   *     character the token may come from.
   */
  boolean accept(AddedToken token, int start, int end);
}

package org.vesalius.tokenizer;

/**
 * What {@link Tokenizer#encode(String, EncodeOptions)} does besides splitting text.
 *
 * @param addSpecialTokens whether the post-processor adds its tokens (a beginning-of-sequence
 *     token, for example)
 * @param filter which added tokens are recognised in the text
 */
public record EncodeOptions(boolean addSpecialTokens, AddedTokenFilter filter) {
  /** Nothing added, every added token recognised: for prompts written by a chat template. */
  public static final EncodeOptions TEMPLATE = new EncodeOptions(false, AddedTokenFilter.ALL);

  /** Nothing added, no added token recognised: for text from a user. */
  public static final EncodeOptions PLAIN_TEXT = new EncodeOptions(false, AddedTokenFilter.NONE);
}

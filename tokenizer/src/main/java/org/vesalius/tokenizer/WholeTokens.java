package org.vesalius.tokenizer;

import java.util.function.Consumer;

/** A step of a decoder that needs each token as a whole. Not thread-safe. */
final class WholeTokens implements Decoder.Stage {
  private final Consumer<String> token;
  private final Runnable finish;
  private final StringBuilder parts = new StringBuilder();

  /**
   * @param token takes each token
   * @param finish runs after the last one
   */
  WholeTokens(Consumer<String> token, Runnable finish) {
    this.token = token;
    this.finish = finish;
  }

  @Override
  public void text(CharSequence part) {
    parts.append(part);
  }

  @Override
  public void end() {
    String whole = parts.toString();
    parts.setLength(0);
    token.accept(whole);
  }

  @Override
  public void finish() {
    finish.run();
  }
}

package org.vesalius.tokenizer;

/**
 * Thrown for a {@code tokenizer.json} that is malformed or asks for something this library does not
 * do. The message names the file, the path inside its JSON, what was found there and what is
 * supported.
 */
public final class TokenizerFormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TokenizerFormatException(String origin, String path, String found, String supported) {
    super(origin + ": " + path + ": found " + found + ", supported: " + supported);
  }

  TokenizerFormatException(String origin, String problem, Throwable cause) {
    super(origin + ": " + problem, cause);
  }
}

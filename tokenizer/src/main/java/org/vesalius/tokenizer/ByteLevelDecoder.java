package org.vesalius.tokenizer;

import java.nio.charset.StandardCharsets;

/**
 * Reads tokens in the {@link ByteAlphabet} and their bytes as UTF-8. A token with a character
 * outside the alphabet, an added one, stands for itself. What it makes is one token.
 */
record ByteLevelDecoder() implements Decoder {
  @Override
  public Stage open(Stage next) {
    Bytes bytes = new Bytes(next);
    return new WholeTokens(bytes::accept, bytes::finish);
  }

  private static final class Bytes {
    private final Stage next;
    private final StringBuilder text = new StringBuilder();
    private final Utf8Decoder utf8 = new Utf8Decoder(text);

    Bytes(Stage next) {
      this.next = next;
    }

    void accept(String token) {
      if (spelledInBytes(token)) {
        for (int i = 0; i < token.length(); i++) {
          utf8.accept(ByteAlphabet.toByte(token.charAt(i)));
        }
      } else {
        for (byte b : token.getBytes(StandardCharsets.UTF_8)) {
          utf8.accept(b & 0xFF);
        }
      }
      flush();
    }

    void finish() {
      utf8.finish();
      flush();
      next.end();
      next.finish();
    }

    private void flush() {
      if (!text.isEmpty()) {
        next.text(text);
        text.setLength(0);
      }
    }

    private static boolean spelledInBytes(String token) {
      for (int i = 0; i < token.length(); i++) {
        if (ByteAlphabet.toByte(token.charAt(i)) < 0) {
          return false;
        }
      }
      return true;
    }
  }
}

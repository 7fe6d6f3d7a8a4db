package org.vesalius.tokenizer;

import java.nio.charset.StandardCharsets;

/**
 * Reads tokens in the {@link ByteAlphabet} and their bytes as UTF-8. A token with a character
 * outside the alphabet, an added one, stands for itself.
 */
record ByteLevelDecoder() implements Decoder {
  @Override
  public Stage open(Stage next) {
    return new Bytes(next);
  }

  private static final class Bytes implements Stage {
    private final Stage next;
    private final StringBuilder text = new StringBuilder();
    private final Utf8Decoder utf8 = new Utf8Decoder(text);

    Bytes(Stage next) {
      this.next = next;
    }

    @Override
    public void accept(CharSequence token) {
      if (spelledInBytes(token)) {
        for (int i = 0; i < token.length(); i++) {
          utf8.accept(ByteAlphabet.toByte(token.charAt(i)));
        }
      } else {
        for (byte b : token.toString().getBytes(StandardCharsets.UTF_8)) {
          utf8.accept(b & 0xFF);
        }
      }
      flush();
    }

    @Override
    public void finish() {
      utf8.finish();
      flush();
      next.finish();
    }

    private void flush() {
      if (!text.isEmpty()) {
        next.accept(text);
        text.setLength(0);
      }
    }

    private static boolean spelledInBytes(CharSequence token) {
      for (int i = 0; i < token.length(); i++) {
        if (ByteAlphabet.toByte(token.charAt(i)) < 0) {
          return false;
        }
      }
      return true;
    }
  }
}

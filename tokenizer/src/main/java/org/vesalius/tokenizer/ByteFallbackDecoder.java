package org.vesalius.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads runs of {@code <0x00>} to {@code <0xFF>} as UTF-8. A run that is not UTF-8 as a whole
 * becomes U+FFFD for each of its bytes, as in the reference; so a run is kept back to its end.
 */
record ByteFallbackDecoder() implements Decoder {
  @Override
  public Stage open(Stage next) {
    Run run = new Run(next);
    return new WholeTokens(run::accept, run::finish);
  }

  private static final class Run {
    private final Stage next;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Run(Stage next) {
      this.next = next;
    }

    void accept(String token) {
      int b = toByte(token);
      if (b >= 0) {
        bytes.write(b);
      } else {
        flush();
        next.text(token);
        next.end();
      }
    }

    void finish() {
      flush();
      next.finish();
    }

    private void flush() {
      if (bytes.size() == 0) {
        return;
      }
      try {
        next.text(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())));
        next.end();
      } catch (CharacterCodingException e) {
        for (int i = bytes.size(); i > 0; i--) {
          next.text("\uFFFD");
          next.end();
        }
      }
      bytes.reset();
    }
  }

  /** The byte that a token stands for, or -1. The reference's parser takes a plus sign. */
  static int toByte(String token) {
    if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
      return -1;
    }
    int high = token.charAt(3) == '+' ? 0 : digit(token.charAt(3));
    int low = digit(token.charAt(4));
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  private static int digit(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }
}

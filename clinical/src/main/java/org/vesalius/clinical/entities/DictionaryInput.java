package org.vesalius.clinical.entities;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * The characters of a text file, one by one, with the place of each.
 *
 * <p>UTF-8, or UTF-16 where a byte order mark says so; bytes that are no text are an error at their
 * place. Line ends of all kinds arrive as {@code '\n'}.
 */
final class DictionaryInput {
  static final int END = -1;

  private final String origin;
  private final InputStream stream;
  private final CharsetDecoder decoder;
  private final ByteBuffer bytes = ByteBuffer.allocate(1 << 14);
  private final CharBuffer characters = CharBuffer.allocate(1 << 14);
  private boolean ended;
  private boolean malformed;
  private long line = 1;
  private long column = 1;

  DictionaryInput(String origin, InputStream stream) throws IOException {
    this.origin = origin;
    this.stream = stream;
    bytes.put(stream.readNBytes(3)).flip();
    decoder =
        encoding(bytes)
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    characters.flip();
  }

  /** By the byte order mark, which is left behind. */
  private static Charset encoding(ByteBuffer first) {
    int a = first.limit() > 0 ? first.get(0) & 0xFF : -1;
    int b = first.limit() > 1 ? first.get(1) & 0xFF : -1;
    int c = first.limit() > 2 ? first.get(2) & 0xFF : -1;
    if (a == 0xEF && b == 0xBB && c == 0xBF) {
      first.position(3);
    } else if (a == 0xFE && b == 0xFF) {
      first.position(2);
      return StandardCharsets.UTF_16BE;
    } else if (a == 0xFF && b == 0xFE) {
      first.position(2);
      return StandardCharsets.UTF_16LE;
    }
    return StandardCharsets.UTF_8;
  }

  /** The line of the character that comes next, from 1. */
  long line() {
    return line;
  }

  /** Its column in UTF-16 units, from 1. */
  long column() {
    return column;
  }

  /** The next UTF-16 unit without taking it, or {@link #END}. */
  int peek() throws IOException {
    if (!characters.hasRemaining() && !fill()) {
      return END;
    }
    char c = characters.get(characters.position());
    if (c == 0) {
      throw error("found a zero character: this is no text file");
    }
    return c == '\r' ? '\n' : c;
  }

  /** Takes the next UTF-16 unit, or {@link #END}. */
  int next() throws IOException {
    int c = peek();
    if (c == END) {
      return END;
    }
    boolean carriage = characters.get() == '\r';
    if (c == '\n') {
      line++;
      column = 1;
      if (carriage && peekRaw() == '\n') {
        characters.get();
      }
    } else {
      column++;
    }
    return c;
  }

  private int peekRaw() throws IOException {
    return characters.hasRemaining() || fill() ? characters.get(characters.position()) : END;
  }

  private boolean fill() throws IOException {
    characters.clear();
    while (characters.position() == 0) {
      if (malformed) {
        characters.flip();
        throw error(
            "found bytes that are not "
                + decoder.charset().name()
                + "; convert the file to UTF-8, as iconv -t UTF-8 does");
      }
      CoderResult result = decoder.decode(bytes, characters, ended);
      if (result.isError()) {
        // What was decoded before them is handed out first, so that the place is right.
        malformed = true;
      } else if (result.isUnderflow() && characters.position() == 0) {
        if (ended) {
          characters.flip();
          return false;
        }
        bytes.compact();
        int read = stream.read(bytes.array(), bytes.position(), bytes.remaining());
        ended = read < 0;
        bytes.position(bytes.position() + Math.max(0, read)).flip();
      }
    }
    characters.flip();
    return true;
  }

  /** An error at the next character. */
  DictionaryFormatException error(String problem) {
    return new DictionaryFormatException(origin, line, column, problem);
  }

  DictionaryFormatException error(long atLine, long atColumn, String problem) {
    return new DictionaryFormatException(origin, atLine, atColumn, problem);
  }
}

package org.vesalius.tokenizer;

import java.nio.charset.StandardCharsets;

/** Writes each byte of the text's UTF-8 form as a character of the {@link ByteAlphabet}. */
record ByteLevelNormalizer() implements TextNormalizer {
  @Override
  public String normalize(String text) {
    return spell(text);
  }

  static String spell(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    char[] spelled = new char[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      spelled[i] = ByteAlphabet.toChar(bytes[i] & 0xFF);
    }
    return new String(spelled);
  }

  @Override
  public boolean surelyKeeps(char[] text, int start, int end) {
    for (int i = start; i < end; i++) {
      if (text[i] <= ' ' || text[i] >= 0x7F) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean mayCutBefore(int codePoint) {
    return true;
  }
}

package org.vesalius.runtime.answer;

import java.util.List;

/**
 * Text that comes at one end and is taken from the other. Taking costs nothing for what remains, so
 * that a megabyte in one piece is read as quickly as the same in many.
 */
final class TextBuffer implements CharSequence {
  private static final int COMPACT_FROM = 4096;

  private final StringBuilder text = new StringBuilder();
  private int head;

  void append(String piece) {
    if (head == text.length()) {
      text.setLength(0);
      head = 0;
    } else if (head > COMPACT_FROM && head > text.length() / 2) {
      text.delete(0, head);
      head = 0;
    }
    text.append(piece);
  }

  @Override
  public int length() {
    return text.length() - head;
  }

  @Override
  public char charAt(int index) {
    return text.charAt(head + index);
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return text.substring(head + start, head + end);
  }

  @Override
  public String toString() {
    return text.substring(head);
  }

  String take(int length) {
    String taken = text.substring(head, head + length);
    head += length;
    return taken;
  }

  void skip(int length) {
    head += length;
  }

  int indexOf(String wanted, int from) {
    int at = text.indexOf(wanted, head + from);
    return at < 0 ? -1 : at - head;
  }

  /** Whether the mark stands at the index. */
  boolean startsWith(String mark, int at) {
    return length() - at >= mark.length() && begins(mark, at);
  }

  /** Whether all text from the index on is the beginning of the mark, which is longer. */
  boolean mayBecome(String mark, int at) {
    return length() - at < mark.length() && begins(mark, at);
  }

  private boolean begins(String mark, int at) {
    int compared = Math.min(mark.length(), length() - at);
    for (int i = 0; i < compared; i++) {
      if (charAt(at + i) != mark.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * The first index from which on a mark stands, or may stand once more text comes; the length if
   * there is none.
   */
  int firstMark(List<String> marks, int from) {
    for (int at = from; at < length(); at++) {
      for (String mark : marks) {
        if (begins(mark, at)) {
          return at;
        }
      }
    }
    return length();
  }
}

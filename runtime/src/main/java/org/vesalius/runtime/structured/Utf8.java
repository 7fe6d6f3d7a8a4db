package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.List;

/**
 * Turns automata over code points into automata over UTF-8. Symbols from {@link #FIRST_MARK} on,
 * marks that are one token, become symbols after the bytes.
 */
final class Utf8 {
  /** The first symbol after all code points. */
  static final int FIRST_MARK = 0x110000;

  /** The first symbol after all bytes. */
  static final int FIRST_MARK_BYTE = 0x100;

  private final DfaBuilder builder = new DfaBuilder();

  private Utf8() {}

  /** The texts that an automaton accepts, as bytes. */
  static Dfa encode(Dfa text) {
    return new Utf8().run(text);
  }

  private Dfa run(Dfa text) {
    for (int s = 0; s < text.size(); s++) {
      builder.state(text.accepts(s));
    }
    for (int s = 0; s < text.size(); s++) {
      int[] runs = text.runs(s);
      Runs out = new Runs();
      emit(clip(runs, 0, 0x7F), 0, 0, out);
      emit(clip(runs, 0x80, 0x7FF), 1, 0xC0, out);
      emit(clip(runs, 0x800, 0xFFFF), 2, 0xE0, out);
      emit(clip(runs, 0x10000, 0x10FFFF), 3, 0xF0, out);
      for (int[] mark : clip(runs, FIRST_MARK, Integer.MAX_VALUE - 1)) {
        int shift = FIRST_MARK - FIRST_MARK_BYTE;
        out.add(mark[0] - shift, mark[1] - shift, mark[2]);
      }
      builder.runs(s, out.flat());
    }
    return builder.build();
  }

  private static List<int[]> clip(int[] runs, int from, int to) {
    List<int[]> clipped = new ArrayList<>();
    for (int i = 0; i < runs.length; i += 3) {
      int low = Math.max(runs[i], from);
      int high = Math.min(runs[i + 1], to);
      if (low <= high) {
        clipped.add(new int[] {low, high, runs[i + 2]});
      }
    }
    return clipped;
  }

  /**
   * Adds the first of the bytes that write some code points.
   *
   * @param runs first and last code point and target, in order
   * @param more how many bytes follow
   * @param offset the byte that the bits 0 have
   */
  private void emit(List<int[]> runs, int more, int offset, Runs out) {
    int bits = 6 * more;
    for (int i = 0; i < runs.size(); ) {
      int[] run = runs.get(i);
      int block = run[0] >> bits;
      if (bits == 0) {
        out.add(offset + run[0], offset + run[1], run[2]);
        i++;
        continue;
      }
      int first = run[0] - (block << bits);
      int whole = 1 << bits;
      if (first == 0 && run[1] - run[0] + 1 >= whole) {
        int last = ((run[1] + 1) >> bits) - 1;
        out.add(
            offset + block, offset + last, tail(List.of(new int[] {0, whole - 1, run[2]}), more));
        run[0] = (last + 1) << bits;
        if (run[0] > run[1]) {
          i++;
        }
        continue;
      }
      List<int[]> inside = new ArrayList<>();
      int end = ((block + 1) << bits) - 1;
      while (i < runs.size() && runs.get(i)[0] <= end) {
        int[] part = runs.get(i);
        int high = Math.min(part[1], end);
        inside.add(new int[] {part[0] - (block << bits), high - (block << bits), part[2]});
        if (part[1] > end) {
          part[0] = end + 1;
          break;
        }
        i++;
      }
      out.add(offset + block, offset + block, tail(inside, more));
    }
  }

  private int tail(List<int[]> runs, int bytes) {
    Runs out = new Runs();
    List<int[]> copies = new ArrayList<>();
    runs.forEach(run -> copies.add(run.clone()));
    emit(copies, bytes - 1, 0x80, out);
    return builder.shared(out.flat());
  }
}

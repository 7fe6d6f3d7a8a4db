package org.vesalius.runtime.answer;

import java.util.List;
import java.util.OptionalInt;
import org.vesalius.runtime.answer.WrittenRegion.Kind;

/** Seed's tags: {@code <bbox>}, {@code <point>}, {@code <polygon>}. They have no labels. */
final class TagRegions {
  private static final List<Tag> TAGS =
      List.of(
          new Tag("<bbox>", "</bbox>", Kind.BOX),
          new Tag("<point>", "</point>", Kind.POINT),
          new Tag("<polygon>", "</polygon>", Kind.POLYGON));

  private record Tag(String open, String close, Kind kind) {}

  private TagRegions() {}

  static void find(String text, WrittenRegion.Sink sink) {
    for (Tag tag : TAGS) {
      int from = 0;
      for (int open = text.indexOf(tag.open()); open >= 0; open = text.indexOf(tag.open(), from)) {
        int begin = open + tag.open().length();
        int next = text.indexOf('<', begin);
        if (next < 0 || !text.startsWith(tag.close(), next)) {
          from = next < 0 ? text.length() : next;
          sink.invalid(open, from, tag.open() + " is not closed");
          continue;
        }
        from = next + tag.close().length();
        try {
          List<Double> numbers = Numbers.of(text.substring(begin, next));
          sink.found(
              new WrittenRegion(tag.kind(), "", numbers, false, OptionalInt.empty(), open, from));
        } catch (Malformed e) {
          sink.invalid(open, from, String.valueOf(e.getMessage()));
        }
      }
    }
  }
}

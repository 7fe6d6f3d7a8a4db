package org.vesalius.runtime.prompt.jinja;

import java.util.Iterator;
import java.util.function.Function;

/** The result of a lazy filter: it can be walked once and has no length. */
record Generator(Iterator<Object> items) {
  static <T> Generator map(Iterator<T> source, Function<T, Object> mapping) {
    return new Generator(
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return source.hasNext();
          }

          @Override
          public Object next() {
            return mapping.apply(source.next());
          }
        });
  }
}

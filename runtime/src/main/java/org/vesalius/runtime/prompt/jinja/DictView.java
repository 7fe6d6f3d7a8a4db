package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayList;
import java.util.List;

/** {@code dict.keys()}, {@code values()} or {@code items()}. */
record DictView(Dict dict, Kind kind) {
  enum Kind {
    KEYS,
    VALUES,
    ITEMS
  }

  List<Object> items() {
    List<Object> items = new ArrayList<>(dict.size());
    for (Dict.Entry entry : dict.entries()) {
      items.add(
          switch (kind) {
            case KEYS -> entry.key();
            case VALUES -> entry.value();
            case ITEMS -> Tuple.of(entry.key(), entry.value());
          });
    }
    return items;
  }
}

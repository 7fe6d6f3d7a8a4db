package org.vesalius.runtime.prompt.jinja;

import java.util.List;

/** A Python list; templates cannot change it, as the reference refuses that too. */
record ListValue(List<Object> items) implements Sequence {}

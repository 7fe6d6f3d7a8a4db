package org.vesalius.runtime.prompt.jinja;

/** The value {@code none}, so that no value inside the interpreter is a Java null. */
enum None {
  NONE
}

package org.vesalius.runtime.prompt.jinja;

/**
 * A name, attribute or item that does not exist. It prints as nothing, is false and iterates over
 * nothing; every other use fails with {@code message}.
 */
record Undefined(String message) {
  static Undefined name(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  static Undefined of(Object owner, Object member) {
    String type = Values.objectType(owner);
    return new Undefined(
        member instanceof Text name
            ? "'" + type + "' has no attribute " + Printer.repr(name)
            : type + " has no element " + Printer.repr(member));
  }

  static Undefined unsafe(Object owner, String member) {
    return new Undefined(
        "access to attribute '%s' of '%s' object is unsafe."
            .formatted(member, Values.typeName(owner)));
  }

  Problem failure() {
    return new Problem(message);
  }
}

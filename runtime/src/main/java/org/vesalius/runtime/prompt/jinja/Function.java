package org.vesalius.runtime.prompt.jinja;

/** Something that a template can call. */
interface Function {
  String name();

  Object call(Evaluator evaluator, Arguments arguments);
}

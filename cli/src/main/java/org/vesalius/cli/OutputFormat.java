package org.vesalius.cli;

/** How results are printed; the lower-case names are what users type. */
enum OutputFormat {
  /** For people. */
  text,
  /** One JSON object for programs. */
  json
}

package org.vesalius.tokenizer;

/**
 * Receives pieces of text, in order, each as a range of a char array that is only valid during the
 * call.
 */
@FunctionalInterface
interface PieceSink {
  void accept(char[] text, int start, int end);
}

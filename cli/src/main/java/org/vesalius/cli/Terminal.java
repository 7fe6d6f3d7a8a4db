package org.vesalius.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where commands read and write, and which of the two outputs somebody watches. All text is UTF-8.
 *
 * @param in standard input
 * @param out standard output: answers only
 * @param err standard error: progress, timings, errors
 * @param outIsTerminal whether {@code out} is a terminal and no file or pipe
 * @param errIsTerminal whether {@code err} is one
 */
record Terminal(
    InputStream in,
    PrintStream out,
    PrintStream err,
    boolean outIsTerminal,
    boolean errIsTerminal) {

  /** Which streams are terminals, as the launcher found: {@code out,err}. */
  static final String TERMINALS_PROPERTY = "vesalius.terminals";

  /** A path that is standard error without the launcher's filter for the JVM's own warnings. */
  static final String ERRORS_PROPERTY = "vesalius.errors";

  /** The streams of this process. */
  static Terminal ofProcess() {
    return new Terminal(
        new FileInputStream(FileDescriptor.in),
        printing(new FileOutputStream(FileDescriptor.out)),
        printing(errors()),
        isTerminal("out"),
        isTerminal("err"));
  }

  private static OutputStream errors() {
    String path = System.getProperty(ERRORS_PROPERTY);
    if (path != null) {
      try {
        // Appending, because opening a redirected file anew would otherwise cut it off.
        return new FileOutputStream(path, true);
      } catch (FileNotFoundException e) {
        // A socket or somebody else's terminal cannot be opened again; the filtered way works for
        // those.
      }
    }
    return new FileOutputStream(FileDescriptor.err);
  }

  private static PrintStream printing(OutputStream stream) {
    return new PrintStream(stream, true, StandardCharsets.UTF_8);
  }

  /** Java alone can only tell whether input and output are terminals both. */
  private static boolean isTerminal(String stream) {
    @Nullable String known = System.getProperty(TERMINALS_PROPERTY);
    if (known != null) {
      List<String> names = Arrays.asList(known.split(",", -1));
      return names.contains(stream);
    }
    return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
  }

  /** What brings the cursor to an empty line where a progress bar may stand; nothing in a pipe. */
  String freshLine() {
    return errIsTerminal ? "\r\u001b[K" : "";
  }

  /** The text as it may be shown: dim on a terminal. */
  String dim(String text) {
    return errIsTerminal ? "\u001b[2m" + text + "\u001b[0m" : text;
  }
}

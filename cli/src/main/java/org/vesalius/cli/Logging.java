package org.vesalius.cli;

import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Prints what the library logs on standard error, one line a record. */
final class Logging {
  private Logging() {}

  /**
   * Replaces the JDK's two-line form for this process; the logger is returned because nothing else
   * keeps it alive.
   */
  static Logger configure(Terminal terminal) {
    // What libraries have to say of their fonts and versions is not for users of ours.
    Logger.getLogger("").setLevel(Level.SEVERE);
    Logger logger = Logger.getLogger("org.vesalius");
    logger.setLevel(Level.INFO);
    for (Handler handler : logger.getHandlers()) {
      logger.removeHandler(handler);
    }
    logger.setUseParentHandlers(false);
    logger.addHandler(new Lines(terminal));
    return logger;
  }

  private static final class Lines extends Handler {
    private final Terminal terminal;

    Lines(Terminal terminal) {
      this.terminal = terminal;
      setLevel(Level.INFO);
      setFormatter(
          new Formatter() {
            @Override
            public String format(LogRecord entry) {
              return Failures.oneLine(formatMessage(entry));
            }
          });
    }

    @Override
    public void publish(LogRecord entry) {
      if (isLoggable(entry)) {
        terminal.err().println(terminal.freshLine() + getFormatter().format(entry));
      }
    }

    @Override
    public void flush() {
      terminal.err().flush();
    }

    @Override
    public void close() {
      terminal.err().flush();
    }
  }
}

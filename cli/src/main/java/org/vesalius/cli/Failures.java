package org.vesalius.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import org.vesalius.clinical.entities.DictionaryFormatException;
import org.vesalius.clinical.imaging.MedicalImageException;
import org.vesalius.clinical.imaging.dicom.DicomFormatException;
import org.vesalius.clinical.imaging.dicom.UnsupportedTransferSyntaxException;
import org.vesalius.clinical.knowledge.KnowledgeException;
import org.vesalius.clinical.report.ReportOutputException;
import org.vesalius.clinical.report.ReportTemplateException;
import org.vesalius.clinical.rubric.RubricException;
import org.vesalius.clinical.trace.TraceFormatException;
import org.vesalius.kernels.BackendUnavailableException;
import org.vesalius.kernels.ComputeException;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.runtime.ContextOverflowException;
import org.vesalius.runtime.NumericalException;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.prompt.jinja.TemplateException;
import org.vesalius.runtime.vision.image.ImageFormatException;
import org.vesalius.tokenizer.TokenizerFormatException;

/** Says in one line what went wrong; the stack trace is for those who ask. */
final class Failures {
  private Failures() {}

  /** The line, without the program's name. */
  static String describe(Throwable failure) {
    String message = failure.getMessage() == null ? "" : failure.getMessage();
    String line =
        switch (failure) {
          case CommandFailure _,
              ModelFormatException _,
              UnsupportedModelException _,
              BackendUnavailableException _,
              ComputeException _,
              ContextOverflowException _,
              ImageFormatException _,
              MedicalImageException _,
              DicomFormatException _,
              UnsupportedTransferSyntaxException _,
              TokenizerFormatException _,
              DictionaryFormatException _,
              NumericalException _,
              ReportTemplateException _,
              ReportOutputException _,
              RubricException _,
              KnowledgeException _,
              TraceFormatException _,
              IllegalArgumentException _ ->
              message;
          case TemplateException refused -> template(refused);
          case UncheckedIOException e -> inputOutput(message, Objects.requireNonNull(e.getCause()));
          case OutOfMemoryError _ -> memory(message);
          default ->
              failure.getClass().getName()
                  + (message.isEmpty() ? "" : ": " + message)
                  + "; run with --verbose for the stack trace";
        };
    return line.isBlank() ? failure.getClass().getName() : oneLine(line);
  }

  static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  private static String template(TemplateException e) {
    return e.raised()
        .map(reason -> "the chat template refuses the messages: " + reason)
        .orElseGet(() -> String.valueOf(e.getMessage()));
  }

  private static String inputOutput(String message, IOException cause) {
    String named =
        message.equals(String.valueOf(cause)) ? String.valueOf(cause.getMessage()) : message;
    return switch (cause) {
      case NoSuchFileException e -> without(named, e) + ": no such file; check the path";
      case AccessDeniedException e -> without(named, e) + ": access denied; check the permissions";
      case FileSystemException e when e.getReason() != null ->
          without(named, e) + ": " + e.getReason();
      default -> named;
    };
  }

  /** Some messages end with the exception's own text, which says the same again. */
  private static String without(String message, IOException cause) {
    String tail = ": " + cause;
    String head =
        message.endsWith(tail) ? message.substring(0, message.length() - tail.length()) : message;
    return head.isEmpty() ? String.valueOf(cause.getMessage()) : head;
  }

  private static String memory(String message) {
    return "out of memory"
        + (message.isEmpty() ? "" : " (" + message + ")")
        + "; give the JVM more, such as VESALIUS_JAVA_OPTS=-Xmx8g, or shorten --context or the images";
  }
}

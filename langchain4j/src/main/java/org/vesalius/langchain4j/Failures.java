package org.vesalius.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.RateLimitException;
import java.util.function.Supplier;
import org.vesalius.runtime.ContextOverflowException;
import org.vesalius.runtime.QueueFullException;
import org.vesalius.runtime.layers.CacheFullException;
import org.vesalius.runtime.prompt.jinja.TemplateException;
import org.vesalius.runtime.vision.image.ImageFormatException;

/** What Vesalius throws, as LangChain4j's exceptions. */
final class Failures {

  private Failures() {}

  static <T> T translated(Supplier<T> work) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      throw of(e);
    }
  }

  /** The cause stays; only what may go better another time is retriable. */
  static LangChain4jException of(RuntimeException e) {
    return switch (e) {
      case LangChain4jException known -> known;
      case ContextOverflowException _,
          ImageFormatException _,
          TemplateException _,
          IllegalArgumentException _ ->
          new InvalidRequestException(message(e), e);
      case CacheFullException _, QueueFullException _ -> new RateLimitException(message(e), e);
      default -> new NonRetriableException(message(e), e);
    };
  }

  private static String message(RuntimeException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }
}

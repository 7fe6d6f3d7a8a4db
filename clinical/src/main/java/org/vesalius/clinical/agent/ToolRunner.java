package org.vesalius.clinical.agent;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.vesalius.clinical.imaging.BurnedInText;
import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TraceEntry.Result.Status;
import org.vesalius.clinical.trace.TracePlace;
import org.vesalius.runtime.answer.ToolCall;
import tools.jackson.core.JacksonException;

/**
 * Carries out calls of the tools that a run offers, and no others. Whatever a tool does, there is
 * one outcome in bounded time and of bounded size.
 */
final class ToolRunner {
  private static final int MESSAGE = 500;
  private static final int MAX_PLACES = 256;
  private static final int MAX_ORIGIN = 200;
  private static final long MAX_PIXELS = 40_000_000;

  /** Threads of tools that did not heed their interruption, each with what its call holds. */
  private static final int MAX_LEFT_BEHIND = 16;

  private record Offered(Tool tool, Schema schema) {}

  private final Map<String, Offered> tools = new LinkedHashMap<>();
  private final AgentLimits limits;
  private final AtomicInteger leftBehind = new AtomicInteger();

  /**
   * A runner.
   *
   * @throws IllegalArgumentException if two tools have one name, or a name is none
   */
  ToolRunner(List<Tool> offered, AgentLimits limits) {
    this.limits = limits;
    SchemaRegistry schemas = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    for (Tool tool : offered) {
      if (!tool.name().matches("[A-Za-z0-9_]{1,64}")) {
        throw new IllegalArgumentException(
            "tool \"%s\": expected a name of at most 64 letters, digits and underscores"
                .formatted(tool.name()));
      }
      Schema schema = schemas.getSchema(ToolJson.write(tool.parameters()));
      if (tools.put(tool.name(), new Offered(tool, schema)) != null) {
        throw new IllegalArgumentException(
            "tool \"%s\" is offered twice; names must differ".formatted(tool.name()));
      }
    }
  }

  /** What the model is told of the tools, in OpenAI's form. */
  List<Map<String, Object>> definitions() {
    return tools.values().stream().map(offered -> definition(offered.tool())).toList();
  }

  private static Map<String, Object> definition(Tool tool) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", tool.name());
    function.put("description", tool.description());
    function.put("parameters", Objects.requireNonNull(ToolJson.ordered(tool.parameters())));
    Map<String, Object> definition = new LinkedHashMap<>();
    definition.put("type", "function");
    definition.put("function", function);
    return definition;
  }

  /**
   * Carries out a call.
   *
   * @param time that is left for it
   */
  ToolOutcome run(String id, ToolCall call, ToolContext context, Duration time)
      throws InterruptedException {
    Offered offered = tools.get(call.name());
    if (call.isMalformed()) {
      return ToolOutcome.refused(
          id, call, "this is no proper call of a tool: " + call.problem().orElse("malformed"));
    }
    if (offered == null) {
      return ToolOutcome.refused(
          id,
          call,
          "there is no tool \"%s\"; there are %s"
              .formatted(shortened(call.name()), String.join(", ", tools.keySet())));
    }
    List<String> problems = problems(offered.schema(), call.argumentsJson());
    if (!problems.isEmpty()) {
      return ToolOutcome.refused(
          id,
          call,
          "arguments: " + shortened(problems.stream().limit(4).collect(Collectors.joining("; "))));
    }
    return started(id, call, offered.tool(), context, time);
  }

  private static List<String> problems(Schema schema, String arguments) {
    try {
      return schema.validate(arguments, InputFormat.JSON).stream()
          .map(error -> error.getInstanceLocation() + ": " + error.getMessage())
          .toList();
    } catch (JacksonException _) {
      // The validator gives up on 1e40 where it compares integers.
      return List.of("a number is too large for an integer");
    }
  }

  /**
   * On a thread of its own, which is left to itself where it does not heed its interruption. A
   * daemon, so that it keeps no process alive.
   */
  private ToolOutcome started(
      String id, ToolCall call, Tool tool, ToolContext context, Duration time)
      throws InterruptedException {
    if (leftBehind.get() >= MAX_LEFT_BEHIND) {
      return ToolOutcome.failed(
          id,
          call,
          Status.FAILED,
          "%d calls of tools were interrupted and have not ended; no more are begun before one has"
              .formatted(MAX_LEFT_BEHIND));
    }
    FutureTask<ToolOutcome> task =
        new FutureTask<>(
            () -> bounded(id, call, tool.call(context, call.arguments()), context.images()));
    Thread.ofPlatform()
        .daemon()
        .name("vesalius-tool-" + tool.name())
        .start(() -> {
          task.run();
          if (task.isCancelled()) {
            leftBehind.decrementAndGet();
          }
        });
    Duration allowed = time.compareTo(limits.toolTime()) < 0 ? time : limits.toolTime();
    try {
      return task.get(allowed.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      leave(task);
      return ToolOutcome.failed(
          id,
          call,
          Status.TIMED_OUT,
          "the tool was not ready after %.1f seconds".formatted(allowed.toMillis() / 1e3));
    } catch (InterruptedException e) {
      leave(task);
      throw e;
    } catch (ExecutionException e) {
      return ToolOutcome.failed(
          id, call, Status.FAILED, problem(Objects.requireNonNullElse(e.getCause(), e)));
    }
  }

  private void leave(FutureTask<?> task) {
    // Counted before, since its thread takes it back when it ends, which may be at once.
    leftBehind.incrementAndGet();
    if (!task.cancel(true)) {
      leftBehind.decrementAndGet();
    }
  }

  private static String problem(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return shortened(
        failure instanceof ToolException
            ? message
            : "the tool failed: " + failure.getClass().getSimpleName() + ": " + message);
  }

  private static String shortened(String text) {
    return text.length() <= MESSAGE ? text : text.substring(0, MESSAGE) + "…";
  }

  private ToolOutcome bounded(
      String id, ToolCall call, ToolResult result, List<AgentImage> earlier) {
    int images = earlier.size();
    StringBuilder text = new StringBuilder(cut(result.text(), limits.resultCharacters()));
    if (text.length() < result.text().length()) {
      text.append("\n[cut: %d of %d characters]".formatted(text.length(), result.text().length()));
    }
    List<AgentImage> kept = new ArrayList<>();
    int room = Math.min(limits.resultImages(), limits.images() - images);
    for (AgentImage image : result.images()) {
      long pixels = (long) image.picture().image().width() * image.picture().image().height();
      if (kept.size() < room && pixels <= MAX_PIXELS) {
        kept.add(ofTool(image, earlier));
      }
    }
    if (kept.size() < result.images().size()) {
      text.append("\n[%d of %d images are shown]".formatted(kept.size(), result.images().size()));
    }
    int known = images + kept.size();
    result.places().stream().limit(MAX_PLACES).forEach(place -> check(place, known));
    return new ToolOutcome(
        id,
        call,
        Status.OK,
        text.toString(),
        result.text().length(),
        Digests.sha256(result.text()),
        kept,
        sources(result.sources()),
        result.places().stream().limit(MAX_PLACES).toList());
  }

  /** What a tool says of a picture beside its pixels is words for people, and as short. */
  private static AgentImage ofTool(AgentImage image, List<AgentImage> earlier) {
    int images = earlier.size();
    boolean derived = image.parent().isPresent() && image.parent().getAsInt() < images;
    if (image.parent().isPresent() && (!derived || image.parent().getAsInt() < 0)) {
      throw new ToolException(
          "a picture says that it was made of picture %d, and there are %d"
              .formatted(image.parent().getAsInt(), images));
    }
    return new AgentImage(
        image.picture(),
        oneLine(image.origin()),
        derived ? image.file() : Optional.empty(),
        image.medical(),
        oneLine(image.window()),
        image.parent(),
        image.hidden(),
        image.burnedIn().or(() -> inherited(image, earlier)));
  }

  /** What was made of a picture shows its text; of which one it was made is not always told. */
  private static Optional<BurnedInText> inherited(AgentImage image, List<AgentImage> earlier) {
    if (image.medical().isPresent()) {
      return Optional.empty();
    }
    return image.parent().isPresent()
        ? earlier.get(image.parent().getAsInt()).burnedIn()
        : earlier.stream().flatMap(other -> other.burnedIn().stream()).findFirst();
  }

  private static String oneLine(String text) {
    return cut(text.replaceAll("\\p{Cntrl}+", " "), MAX_ORIGIN);
  }

  private static void check(TracePlace place, int images) {
    boolean finite =
        Stream.of(place.pixels(), place.relative(), place.millimetres())
            .flatMap(List::stream)
            .allMatch(Double::isFinite);
    if (place.image() < 0 || place.image() >= images || !finite) {
      throw new ToolException(
          "a place: expected finite numbers in picture 0 to %d, found picture %d"
              .formatted(images - 1, place.image()));
    }
  }

  /** As many as the text could quote. */
  private List<SourceQuote> sources(List<SourceQuote> all) {
    List<SourceQuote> kept = new ArrayList<>();
    long characters = 0;
    for (SourceQuote source : all) {
      if (!source.sha256().matches("[0-9a-f]{64}|")) {
        throw new ToolException("a source: expected the SHA-256 of its file in hexadecimal");
      }
      characters += source.quote().length() + source.title().length() + source.source().length();
      if (characters > limits.resultCharacters()) {
        break;
      }
      kept.add(source);
    }
    return kept;
  }

  private static String cut(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    return text.substring(0, Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most);
  }
}

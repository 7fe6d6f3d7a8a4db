package org.vesalius.clinical.agent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.vesalius.clinical.agent.TraceRecorder.TokenRange;
import org.vesalius.clinical.trace.AnswerSource;
import org.vesalius.clinical.trace.TraceEntry;
import org.vesalius.clinical.trace.TraceEntry.Result.Status;
import org.vesalius.clinical.trace.TraceEntry.Step.Kind;
import org.vesalius.runtime.ChatMessage;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.ContextOverflowException;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.PreparedPicture;
import org.vesalius.runtime.QueueFullException;
import org.vesalius.runtime.Scheduling;
import org.vesalius.runtime.ToolChoice;
import org.vesalius.runtime.answer.ToolCall;

/**
 * Lets a model ask for tools until it answers: its calls are carried out, what comes of them goes
 * back, pictures as new pictures, and all of it into a trace. Tools are offered and never forced.
 * Only the tools that were offered can be called, whatever stands in a document or a picture; and
 * whatever model and tools do, a run ends within its {@link AgentLimits}, with one outcome.
 * Immutable, for any number of runs at once.
 */
public final class Agent {
  private final AgentModel model;
  private final AgentLimits limits;
  private final ToolRunner runner;

  /**
   * An agent.
   *
   * @throws IllegalArgumentException if two tools have one name, or a name is none
   */
  public Agent(AgentModel model, List<Tool> tools, AgentLimits limits) {
    this.model = model;
    this.limits = limits;
    runner = new ToolRunner(tools, limits);
  }

  /** What the model is told of the tools, in OpenAI's form. */
  public List<Map<String, Object>> definitions() {
    return runner.definitions();
  }

  /** How far a run may go. */
  public AgentLimits limits() {
    return limits;
  }

  /**
   * Runs a task.
   *
   * @param trace takes down what happens; its pictures must be those of this run alone
   * @throws ContextOverflowException if the task itself does not fit the context
   * @throws QueueFullException if the model stays too busy
   * @throws InterruptedException if the thread is interrupted
   */
  public AgentResult run(AgentTask task, TraceRecorder trace) throws InterruptedException {
    return new Run(task, trace).run();
  }

  /** One run. */
  private final class Run {
    private final AgentTask task;
    private final TraceRecorder trace;
    private final Optional<ToolDialogue> dialogue;
    private final AnswerMonitor monitor = new AnswerMonitor(limits.stableAnswers());
    private final CallFuse fuse = new CallFuse(limits.repeatedCalls());
    private final List<ChatMessage> messages = new ArrayList<>();
    private final Map<String, Integer> calls = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();
    private final long begin = System.nanoTime();
    private int turns;
    private int callNumber;

    Run(AgentTask task, TraceRecorder trace) {
      this.task = task;
      this.trace = trace;
      dialogue = ToolDialogue.of(model, runner.definitions());
    }

    AgentResult run() throws InterruptedException {
      if (dialogue.isEmpty()) {
        notes.add("The model's family cannot call tools: none was offered.");
      }
      Optional<String> system = dialogue.flatMap(d -> d.system(task.system())).or(task::system);
      system.map(ChatMessage::system).ifPresent(messages::add);
      List<Part> parts = new ArrayList<>(task.images().stream().map(AgentImage::part).toList());
      parts.add(Part.text(task.prompt()));
      messages.add(ChatMessage.user(parts.toArray(Part[]::new)));
      trace.images(task.images(), prepared(task.images()));
      while (turns < limits.turns()) {
        Optional<StopReason> reason = turn();
        if (reason.isPresent()) {
          return ended(reason.get());
        }
      }
      return ended(StopReason.TURN_LIMIT);
    }

    /** Empty where the run goes on. */
    private Optional<StopReason> turn() throws InterruptedException {
      TokenWatch watch = new TokenWatch();
      double start = trace.millis();
      Generation answer;
      try {
        answer = generate(ToolChoice.auto(), watch);
      } catch (ContextOverflowException e) {
        if (turns == 0) {
          throw e;
        }
        return Optional.of(StopReason.CONTEXT_FULL);
      }
      int turn = record(answer, watch, start);
      monitor.observe(answer);
      Optional<StopReason> early = stopped(answer.finishReason());
      if (early.isPresent()) {
        return early;
      }
      if (answer.toolCalls().isEmpty()) {
        return Optional.of(
            answer.finishReason() == FinishReason.LENGTH ? StopReason.LENGTH : StopReason.ANSWERED);
      }
      if (monitor.isStable()) {
        return Optional.of(StopReason.STABLE);
      }
      return carryOut(answer, turn, watch, start);
    }

    private static Optional<StopReason> stopped(FinishReason reason) {
      return switch (reason) {
        case CANCELLED -> Optional.of(StopReason.CANCELLED);
        case DEADLINE -> Optional.of(StopReason.TIME_LIMIT);
        case REPETITION -> Optional.of(StopReason.REPETITION);
        default -> Optional.empty();
      };
    }

    private Optional<StopReason> carryOut(
        Generation answer, int turn, TokenWatch watch, double start) throws InterruptedException {
      List<ToolOutcome> outcomes = new ArrayList<>();
      for (int i = 0; i < answer.toolCalls().size(); i++) {
        ToolCall call = answer.toolCalls().get(i);
        String id = "call%05d".formatted(callNumber++);
        int count = fuse.count(call);
        Optional<String> refusal = refusal(i, count);
        trace.call(
            turn,
            new TraceEntry.Call(
                id, call.name(), call.arguments(), call.problem().or(() -> refusal)),
            watch.call(i),
            start);
        double called = trace.millis();
        ToolOutcome outcome =
            refusal.isPresent()
                ? ToolOutcome.refused(id, call, refusal.get())
                : runner.run(
                    id, call, new ToolContext(trace.images(), task.cancellation()), timeLeft());
        List<PreparedPicture> prepared;
        try {
          prepared = prepared(outcome.images());
        } catch (RuntimeException e) {
          outcome =
              ToolOutcome.failed(
                  id, call, Status.FAILED, "its picture cannot be shown: " + e.getMessage());
          prepared = List.of();
        }
        outcomes.add(outcome);
        calls.merge(call.name().isEmpty() ? "?" : call.name(), 1, Integer::sum);
        List<Integer> indices = new ArrayList<>();
        for (int k = 0; k < outcome.images().size(); k++) {
          indices.add(trace.images().size() + k);
        }
        trace.result(
            OptionalInt.of(turn),
            new TraceEntry.Result(
                id,
                call.name(),
                outcome.status(),
                outcome.text(),
                outcome.characters(),
                outcome.sha256(),
                indices),
            outcome.places(),
            outcome.sources(),
            called);
        trace.images(outcome.images(), prepared);
        if (fuse.isBlown(count)) {
          return Optional.of(StopReason.REPEATED_CALLS);
        }
        if (task.cancellation().isCancelled()) {
          return Optional.of(StopReason.CANCELLED);
        }
        if (timeLeft().isZero()) {
          return Optional.of(StopReason.TIME_LIMIT);
        }
      }
      int pictures = outcomes.stream().mapToInt(outcome -> outcome.images().size()).sum();
      messages.addAll(
          dialogue.orElseThrow().called(answer, outcomes, trace.images().size() - pictures));
      return Optional.empty();
    }

    private Optional<String> refusal(int place, int count) {
      if (place >= limits.callsPerTurn()) {
        return Optional.of("at most %d calls at a time".formatted(limits.callsPerTurn()));
      }
      return count > 1
          ? Optional.of("the same call was made before, and its result stands above")
          : Optional.empty();
    }

    private Generation generate(ToolChoice choice, TokenWatch watch) throws InterruptedException {
      ChatRequest.Builder builder =
          ChatRequest.builder()
              .messages(messages)
              .tools(dialogue.map(ToolDialogue::definitions).orElse(List.of()))
              .toolChoice(choice)
              .responseFormat(task.format())
              .sampling(task.sampling())
              .logprobs(1)
              .cancellation(task.cancellation());
      limits.turnTokens().ifPresent(builder::maxTokens);
      if (limits.runTime().isPresent()) {
        builder.scheduling(Scheduling.defaults().withTimeLimit(atLeastSome(timeLeft())));
      }
      ChatRequest request = builder.build();
      Duration delay = limits.retryDelay();
      for (int failed = 0; ; failed++) {
        try {
          watch.reset();
          Generation generation = model.generate(request, watch);
          turns++;
          return generation;
        } catch (QueueFullException e) {
          if (failed >= limits.retries()) {
            throw e;
          }
          Thread.sleep(delay);
          delay = delay.multipliedBy(2);
        }
      }
    }

    private static Duration atLeastSome(Duration time) {
      return time.isZero() ? Duration.ofMillis(1) : time;
    }

    private Duration timeLeft() {
      Duration spent = Duration.ofNanos(System.nanoTime() - begin);
      return limits
          .runTime()
          .map(all -> all.compareTo(spent) > 0 ? all.minus(spent) : Duration.ZERO)
          .orElse(limits.toolTime());
    }

    private List<PreparedPicture> prepared(List<AgentImage> images) {
      if (images.isEmpty()) {
        return List.of();
      }
      Part[] parts = images.stream().map(AgentImage::part).toArray(Part[]::new);
      return model.pictures(ChatRequest.builder().user(parts).build());
    }

    private int record(Generation answer, TokenWatch watch, double start) {
      int turn = trace.turn("agent", answer);
      if (!answer.reasoning().isBlank()) {
        trace.words(turn, Kind.THINK, answer.reasoning(), watch.reasoning(), start);
      }
      TokenRange rest = watch.rest(answer.tokenIds().size());
      trace.observations(turn, answer.regions(), rest, start);
      if (!answer.text().isBlank()) {
        trace.words(turn, Kind.CONCLUDE, answer.text(), rest, start);
      }
      return turn;
    }

    private AgentResult ended(StopReason reason) throws InterruptedException {
      boolean hungry = reason == StopReason.TURN_LIMIT || reason == StopReason.REPEATED_CALLS;
      if (hungry && monitor.answer().isEmpty()) {
        return concluded(reason);
      }
      AnswerSource source =
          monitor.answer().isEmpty()
              ? AnswerSource.NONE
              : switch (reason) {
                case ANSWERED, LENGTH -> AnswerSource.MODEL;
                case STABLE -> AnswerSource.MONITOR_EARLY_STOP;
                default -> AnswerSource.MONITOR_FALLBACK;
              };
      return result(reason, source);
    }

    /** Asked once more, without tools: it has looked at much and said nothing yet. */
    private AgentResult concluded(StopReason reason) throws InterruptedException {
      TokenWatch watch = new TokenWatch();
      double start = trace.millis();
      try {
        Generation answer = generate(ToolChoice.none(), watch);
        record(answer, watch, start);
        monitor.observe(answer);
        notes.add("The run had reached a limit; the model was asked to answer without tools.");
      } catch (ContextOverflowException e) {
        notes.add("The run had reached a limit, and there was no room left for an answer.");
      }
      return result(reason, monitor.answer().isPresent() ? AnswerSource.MODEL : AnswerSource.NONE);
    }

    private AgentResult result(StopReason reason, AnswerSource source) {
      return new AgentResult(
          monitor.answer().orElse(""),
          source,
          reason,
          turns,
          monitor.generation(),
          calls,
          trace.images(),
          notes);
    }
  }
}

package org.vesalius.clinical.trace;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.imaging.PixelMask;

/**
 * An entry of a {@link DecisionTrace}. In a file each is a line of its own, chained to the one
 * before by its hash. Durations are in milliseconds, hashes SHA-256 in hexadecimal.
 */
public sealed interface TraceEntry {

  /**
   * What was asked of whom; the first entry.
   *
   * @param id of the run
   * @param startedAt when it began
   * @param task what was asked, complete enough to ask it again: parsed JSON
   * @param model who was asked
   * @param tools definitions of the tools that were offered, in OpenAI's form, as parsed JSON
   * @param limits of the agent, as parsed JSON
   * @param sampling how tokens were chosen, as parsed JSON; holds the seed
   * @param software what ran, and its version
   * @param platform JDK, operating system and processor
   * @param backend what computed
   */
  record Run(
      String id,
      Instant startedAt,
      Map<String, @Nullable Object> task,
      TracedModel model,
      List<Map<String, Object>> tools,
      Map<String, @Nullable Object> limits,
      Map<String, @Nullable Object> sampling,
      String software,
      String platform,
      String backend)
      implements TraceEntry {
    /** Copies the list and the maps, not what is in them. */
    public Run {
      task = copy(task);
      tools = List.copyOf(tools);
      limits = copy(limits);
      sampling = copy(sampling);
    }
  }

  private static Map<String, @Nullable Object> copy(Map<String, @Nullable Object> json) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(json));
  }

  /**
   * A picture that the model saw.
   *
   * @param index from 0, in the order in which the conversation has them
   * @param origin the file it was made of, as the caller named it, or what made it
   * @param frame of the file, from 1; empty where it has no frames
   * @param window what grey values were shown, for people; empty where there was no choice
   * @param parent the picture that it was cut out of or turned from; empty for one of the request's
   * @param sourceWidth columns of the stored frame
   * @param sourceHeight rows of the stored frame
   * @param width columns of the picture
   * @param height rows of the picture
   * @param modelWidth columns that the model saw, after its own resize
   * @param modelHeight rows that the model saw
   * @param fileSha256 of the file; empty for what was made
   * @param pixelsSha256 of the picture's samples, row by row
   * @param preparedSha256 of the numbers that the model took in
   * @param png the picture itself; empty where it is too large to be kept, or is not wanted
   * @param mask what is black in it, in pixels of the stored frame; empty where nothing is, and in
   *     traces of before that was taken down
   * @param withheld why it is not kept, where it may name the patient, for people
   */
  record Image(
      int index,
      String origin,
      OptionalInt frame,
      String window,
      OptionalInt parent,
      int sourceWidth,
      int sourceHeight,
      int width,
      int height,
      int modelWidth,
      int modelHeight,
      String fileSha256,
      String pixelsSha256,
      String preparedSha256,
      Optional<PngBytes> png,
      Optional<List<PixelMask.Rectangle>> mask,
      Optional<String> withheld)
      implements TraceEntry {
    /** Copies the list. */
    public Image {
      mask = mask.map(List::copyOf);
    }
  }

  /**
   * One answer of the model, of which the steps of the same turn are made.
   *
   * @param index from 0
   * @param purpose what it was asked for, such as {@code agent}, {@code locate} or {@code sample}
   * @param promptTokens that the model read
   * @param imageTokens of these
   * @param tokens that it wrote, an end token included
   * @param logprobs of these, natural logarithms
   * @param finishReason why it ended
   * @param seed of its random numbers
   * @param firstTokenMillis until the first token
   * @param millis until the last
   */
  record Turn(
      int index,
      String purpose,
      int promptTokens,
      int imageTokens,
      List<Integer> tokens,
      List<Double> logprobs,
      String finishReason,
      long seed,
      double firstTokenMillis,
      double millis)
      implements TraceEntry {
    /** Copies the lists and checks that they belong together. */
    public Turn {
      tokens = List.copyOf(tokens);
      logprobs = List.copyOf(logprobs);
      if (logprobs.size() != tokens.size()) {
        throw new IllegalArgumentException(
            "turn: expected a log-probability for each of %d tokens, found %d"
                .formatted(tokens.size(), logprobs.size()));
      }
    }
  }

  /**
   * A step.
   *
   * @param index from 0
   * @param turn the turn that it belongs to; empty where no turn of the model made it
   * @param kind what it is
   * @param text what was thought, seen, concluded or asked; empty where another component says it
   * @param places in pictures that it names
   * @param sources passages of documents that it rests on
   * @param call of a tool, for {@link Kind#TOOL_CALL}
   * @param result of a tool, for {@link Kind#TOOL_RESULT}
   * @param check for {@link Kind#CHECK}
   * @param firstToken first of the turn's tokens that wrote it; equal to {@code endToken} where
   *     none did
   * @param endToken after the last of them
   * @param startMillis since the run began
   * @param millis that it took
   */
  record Step(
      int index,
      OptionalInt turn,
      Kind kind,
      String text,
      List<TracePlace> places,
      List<SourceQuote> sources,
      Optional<Call> call,
      Optional<Result> result,
      Optional<Check> check,
      int firstToken,
      int endToken,
      double startMillis,
      double millis)
      implements TraceEntry {
    /** Copies the lists. */
    public Step {
      places = List.copyOf(places);
      sources = List.copyOf(sources);
    }

    /** What a step is. */
    public enum Kind {
      /** The model reasons. */
      THINK,
      /** The model says where in a picture something is. */
      OBSERVE,
      /** The model asks for a tool. */
      TOOL_CALL,
      /** What the tool answered. */
      TOOL_RESULT,
      /** The model answers. */
      CONCLUDE,
      /** The model is asked which of some answers holds. */
      CHECK
    }
  }

  /**
   * A call of a tool.
   *
   * @param id pairs it with its result
   * @param tool its name; empty where a malformed call does not tell
   * @param arguments parsed JSON
   * @param problem why it was not carried out; empty for one that was
   */
  record Call(
      String id, String tool, Map<String, @Nullable Object> arguments, Optional<String> problem) {
    /** Copies the map, not what is in it. */
    public Call {
      arguments = copy(arguments);
    }
  }

  /**
   * The result of a tool.
   *
   * @param id of the call
   * @param tool its name
   * @param status how it ended
   * @param text what the model was told
   * @param characters how long the text was before it was cut
   * @param sha256 of the whole text, in UTF-8
   * @param images indices of the pictures that came with it
   */
  record Result(
      String id,
      String tool,
      Result.Status status,
      String text,
      long characters,
      String sha256,
      List<Integer> images) {
    /** Copies the list. */
    public Result {
      images = List.copyOf(images);
    }

    /** How a call ended. */
    public enum Status {
      /** With a result. */
      OK,
      /** The tool refused what it was asked, or failed. */
      FAILED,
      /** The tool was not ready in its time. */
      TIMED_OUT,
      /** It was not carried out: no such tool, wrong arguments, or a limit. */
      REFUSED
    }
  }

  /**
   * A question of which the model did not write an answer, but weighed given ones.
   *
   * @param question that it was asked
   * @param images indices of the pictures that it was asked about; empty in traces of before that
   *     was taken down
   * @param candidates answers in the order in which they were given
   * @param chosen index of the likeliest
   */
  record Check(
      String question, Optional<List<Integer>> images, List<Candidate> candidates, int chosen) {
    /** Copies the lists. */
    public Check {
      images = images.map(List::copyOf);
      candidates = List.copyOf(candidates);
    }
  }

  /**
   * An answer that was weighed.
   *
   * @param text of it
   * @param logLikelihood natural logarithm of its probability after the question
   * @param share its probability among the candidates, 0 to 1
   * @param agrees whether it says what was to be checked
   */
  record Candidate(String text, double logLikelihood, double share, boolean agrees) {}

  /**
   * A statement of the answer, and what carries it.
   *
   * @param index from 0
   * @param section of the answer that it stands in; may be empty
   * @param text of the statement
   * @param status what became of it
   * @param support the model's probability that it holds; empty where it was not asked
   * @param steps indices of the steps that carry it
   * @param places in pictures that show it
   * @param sources passages that say it
   * @param problems what speaks against it, a sentence each
   * @param entities that the text names; empty where no dictionary was given
   */
  record Claim(
      int index,
      String section,
      String text,
      Claim.Status status,
      OptionalDouble support,
      List<Integer> steps,
      List<TracePlace> places,
      List<SourceQuote> sources,
      List<String> problems,
      Optional<List<NamedEntity>> entities)
      implements TraceEntry {
    /** Copies the lists. */
    public Claim {
      entities = entities.map(List::copyOf);
      steps = List.copyOf(steps);
      places = List.copyOf(places);
      sources = List.copyOf(sources);
      problems = List.copyOf(problems);
    }

    /** What became of a statement. */
    public enum Status {
      /** The second look agrees. */
      SUPPORTED,
      /** The second look disagrees, or something contradicts it. */
      UNSUPPORTED,
      /** The second look is not sure enough either way. */
      UNCERTAIN,
      /** There was no way to look. */
      UNCHECKED
    }
  }

  /**
   * How the run ended; the last entry.
   *
   * @param answer the final text; empty where there is none
   * @param answerSource where it comes from
   * @param stopReason why the run ended, one word in lower case
   * @param turns of the model
   * @param calls how often each tool was called
   * @param millis that the run took
   * @param notes what a reader should know, a sentence each
   */
  record Outcome(
      String answer,
      AnswerSource answerSource,
      String stopReason,
      int turns,
      Map<String, Integer> calls,
      double millis,
      List<String> notes)
      implements TraceEntry {
    /** Copies the map and the list. */
    public Outcome {
      calls = Collections.unmodifiableMap(new LinkedHashMap<>(calls));
      notes = List.copyOf(notes);
    }
  }
}

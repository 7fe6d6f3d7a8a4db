package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.ContentKey;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.observe.ObservedRequest;

/**
 * A request on its way through the scheduler. Everything but the messages and the flags belongs to
 * the scheduler's thread until the last message has been sent.
 */
final class RequestRun {

  /** Where a request is. */
  enum Phase {
    /** It has nothing yet, or nothing any more because others needed the room. */
    WAITING,
    /** Embeddings of its images are computed. */
    ENCODING,
    /** It takes part in steps. */
    RUNNING,
    /** It holds nothing and never will again. */
    ENDED
  }

  /** What the thread that asked is told. */
  sealed interface Message {
    /** Something happened that a listener wants to know. */
    record Event(GenerationEvent event) implements Message {}

    /** The last one. */
    sealed interface Last extends Message {}

    /** There will be no more tokens. */
    record Ended(FinishReason reason) implements Last {}

    /** There will be no answer. */
    record Failed(Throwable cause) implements Last {}
  }

  final ChatRequest request;
  final RequestTokens tokens;
  final Outcome outcome;
  final LayerObserver observer;
  final RequestTimes times;

  /** When it came, among others; smaller is earlier. Set when it is submitted. */
  long arrival;

  private @Nullable ObservedRequest observed;

  private final BlockingQueue<Message> messages;
  private final CachedSequence sequence;
  private final StepSampling.Row history;
  private final long deadline;
  private final boolean shares;
  private final List<ImageEmbeddings.@Nullable Use> images = new ArrayList<>();

  private volatile Phase phase = Phase.WAITING;
  private volatile boolean abandoned;
  private volatile @Nullable Throwable failure;
  private volatile boolean incomplete;
  private int fed;
  private int published;
  private int reused;

  /**
   * A request that waits.
   *
   * @param deadline by {@link System#nanoTime}; {@link Long#MAX_VALUE} for none
   * @param shares whether it may use what others have computed, and they what it computes
   */
  RequestRun(
      ChatRequest request,
      RequestTokens tokens,
      Outcome outcome,
      LayerObserver observer,
      BlockingQueue<Message> messages,
      CachedSequence sequence,
      StepSampling.Row history,
      RequestTimes times,
      long deadline,
      boolean shares) {
    this.request = request;
    this.tokens = tokens;
    this.outcome = outcome;
    this.observer = observer;
    this.messages = messages;
    this.sequence = sequence;
    this.history = history;
    this.times = times;
    this.deadline = deadline;
    this.shares = shares;
    for (int i = 0; i < tokens.prompt().images().size(); i++) {
      images.add(null);
    }
  }

  /** A queue for what a request is told. */
  static BlockingQueue<Message> messages() {
    return new LinkedBlockingQueue<>();
  }

  /** The scheduler has taken it, as its so manieth. */
  void accept(long number) {
    arrival = number;
    String id = request.scheduling().requestId().orElseGet(() -> Long.toString(number));
    observed = new ObservedRequest(number, id);
  }

  /** What observers know it as, once it was accepted. */
  ObservedRequest observed() {
    return Objects.requireNonNull(observed, "not accepted");
  }

  BlockingQueue<Message> queue() {
    return messages;
  }

  Phase phase() {
    return phase;
  }

  int priority() {
    return request.scheduling().priority();
  }

  CachedSequence sequence() {
    return sequence;
  }

  /** How many tokens of the sequence are in the cache. */
  int fed() {
    return fed;
  }

  /** Prompt tokens that others had computed. */
  int reused() {
    return reused;
  }

  /** Tokens that went in and out. */
  Generation.Usage usage() {
    return new Generation.Usage(
        tokens.promptLength(),
        tokens.prompt().imageTokens(),
        outcome.ids().size(),
        reused,
        outcome.guesses().acceptance());
  }

  /** Where the time went, once it has ended. */
  Generation.Timings timings() {
    return times.timings(outcome.firstTokenNanos());
  }

  /** Whether others may use what it computes, and it what they have computed. */
  boolean shares() {
    return shares;
  }

  /** Asks it to end, because nobody waits for it any more. */
  void abandon() {
    abandoned = true;
  }

  /** Why it has to end now, or null. */
  @Nullable FinishReason over() {
    if (abandoned || request.cancellation().isCancelled()) {
      return FinishReason.CANCELLED;
    }
    return System.nanoTime() - deadline >= 0 && deadline != Long.MAX_VALUE
        ? FinishReason.DEADLINE
        : null;
  }

  /** Whether its next token is all that is missing. */
  boolean decodes() {
    return fed == tokens.length() - 1 && !outcome.ids().isEmpty();
  }

  /** Guesses what comes after its last token, at most so many tokens. */
  int[] guess(int most) {
    return outcome.guesses().propose(Math.min(most, outcome.mostGuesses()));
  }

  /** Tokens that are not in the cache. */
  int remaining() {
    return tokens.length() - fed;
  }

  /** Takes what others have computed of its beginning; the last token is always computed. */
  void adoptPrefix() {
    if (shares) {
      int pages = (tokens.length() - 1) / KvCache.PAGE_SIZE;
      fed = sequence.adopt(tokens.pageKeys(pages));
      published = fed / KvCache.PAGE_SIZE;
    }
  }

  /** Gives back its pages: what {@link #adoptPrefix} took, and what came after it. */
  void releasePages() {
    sequence.truncate(0);
    fed = 0;
    published = 0;
    outcome.restart();
    outcome.guesses().release();
  }

  /**
   * It has a place among those that run.
   *
   * @return whether for the first time
   */
  boolean begin() {
    boolean first = times.start();
    if (first) {
      reused = Math.min(fed, tokens.promptLength());
    }
    return first;
  }

  /** Goes on, with the images that are missing or at once. */
  void start(ImageEncoding encoding) {
    List<Integer> missing =
        tokens.picturesFrom(fed).stream().filter(image -> images.get(image) == null).toList();
    if (missing.isEmpty()) {
      phase = Phase.RUNNING;
    } else {
      phase = Phase.ENCODING;
      encoding.submit(this, missing);
    }
  }

  /** Called by the thread that encodes, for each image. */
  void setImage(int image, ImageEmbeddings.Use embeddings) {
    images.set(image, embeddings);
  }

  /**
   * Called by the thread that encodes, when all images are there or will not come.
   *
   * @param complete whether they are there
   * @param problem why they will not come, unless the request has to end anyway; or null
   */
  void encoded(boolean complete, @Nullable Throwable problem, long nanos) {
    incomplete = !complete;
    failure = problem;
    times.addVision(nanos);
    phase = Phase.RUNNING;
  }

  /** Lets the thread that asked know. */
  void tell(GenerationEvent event) {
    messages.add(new Message.Event(event));
  }

  /**
   * Whether it can take part in a step: not one that is going to end because images are missing.
   */
  boolean isReady() {
    return phase == Phase.RUNNING && !incomplete;
  }

  /** Why its images could not be encoded, or null. */
  @Nullable Throwable failure() {
    return failure;
  }

  /** Embeddings by image; null where they are not needed. */
  List<@Nullable Tensor> embeddings() {
    List<@Nullable Tensor> tensors = new ArrayList<>();
    for (ImageEmbeddings.Use use : images) {
      tensors.add(use == null ? null : use.tensor());
    }
    return tensors;
  }

  /**
   * Takes the result of a step.
   *
   * @param to up to where tokens of the sequence went in
   * @param guesses the tokens that were tried after them
   * @return why the answer has ended, or null if it has not
   */
  @Nullable FinishReason advance(int to, int[] guesses) {
    boolean wanted = to == tokens.length();
    int prompt = tokens.promptLength();
    if (fed < prompt) {
      tell(new GenerationEvent.PrefillProgress(Math.min(to, prompt), prompt));
    }
    fed = to;
    FinishReason reason = wanted ? take(guesses) : null;
    sequence.truncate(fed);
    publish();
    return reason;
  }

  private @Nullable FinishReason take(int[] guesses) {
    times.prefill();
    releaseImages(); // also those that came again after it had to give way
    int row = 0;
    FinishReason reason = next(row);
    while (reason == null
        && row < guesses.length
        && guesses[row] == tokens.id(tokens.length() - 1)) {
      fed++;
      row++;
      reason = next(row);
    }
    if (guesses.length > 0) {
      outcome.guesses().checked(guesses.length, row);
    }
    return reason;
  }

  private @Nullable FinishReason next(int row) {
    int before = outcome.ids().size();
    FinishReason reason = outcome.take(row);
    for (int id : outcome.ids().subList(before, outcome.ids().size())) {
      tokens.add(id);
      outcome.guesses().add(id);
    }
    return reason;
  }

  private void publish() {
    if (shares) {
      int full = fed / KvCache.PAGE_SIZE;
      List<ContentKey> keys = tokens.pageKeys(full);
      for (; published < full; published++) {
        sequence.publish(published, keys.get(published));
      }
    }
  }

  private void releaseImages() {
    for (int i = 0; i < images.size(); i++) {
      ImageEmbeddings.Use use = images.get(i);
      if (use != null) {
        use.close();
        images.set(i, null);
      }
    }
  }

  /** Gives its place in the cache to others; it will begin anew with all its tokens. */
  void preempt() {
    releasePages();
    phase = Phase.WAITING;
  }

  /** Gives back everything. */
  void release() {
    sequence.close();
    outcome.guesses().release();
    history.close();
    releaseImages();
  }

  /** Tells the thread that asked that this is all. */
  void end(Message.Last last) {
    phase = Phase.ENDED;
    messages.add(last);
  }
}

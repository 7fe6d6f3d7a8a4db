package org.vesalius.runtime.generate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.ContentKey;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.StepBuffers;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.PreparedImage;
import org.vesalius.runtime.vision.TensorPool;

/**
 * Runs a loaded model for many requests. A {@link Scheduler} puts the tokens of all running
 * requests into common steps; images are encoded beside, and let steps in between their layers. The
 * device belongs to one of them at a time: a fair lock lets them take turns. Sequences can also be
 * driven by hand, for measuring and for looking into a model.
 */
public final class Engine implements AutoCloseable {
  /** How many tokens more than requests may be checked in one step. */
  static final int MORE_ROWS = 16;

  private final Kernels kernels;
  private final LoadedModel model;
  private final EngineOptions options;
  private final KvCache cache;
  private final StepBuffers buffers;
  private final StepRunner runner;
  private final @Nullable DraftModel draft;
  private final TensorPool pool;
  private final ImageEmbeddings images;
  private final Scheduler scheduler;
  private final ImageEncoding imageEncoding;
  private final LongAdder encodedImages = new LongAdder();
  private final int chunk;
  private final RequestTokens.Cuts cuts;
  private final ReentrantLock turn = new ReentrantLock(true);

  private volatile boolean closed;

  /** Allocates everything that steps need. */
  public Engine(Kernels kernels, LoadedModel model, EngineOptions options) {
    this(kernels, model, options, null);
  }

  /**
   * The same with a smaller model that guesses what the first one writes.
   *
   * @param drafting has the same tokens, on the same kernels
   */
  public Engine(
      Kernels kernels, LoadedModel model, EngineOptions options, @Nullable LoadedModel drafting) {
    this.kernels = kernels;
    this.model = model;
    this.options = options;
    int groupTokens = model.images().map(LoadedModel.ImageInput::groupTokens).orElse(0);
    chunk = Math.max(options.chunk(), groupTokens);
    cuts = new RequestTokens.Cuts(groupTokens > 0, model.decoder().rotatesByLength());
    DecoderConfig config = model.decoder().config();
    cache =
        new KvCache(
            kernels,
            options.cacheFormat(),
            config.layers(),
            config.kvHeads(),
            config.headSize(),
            options.cacheTokens(),
            options.retainedTokens());
    buffers =
        new StepBuffers(
            cache,
            chunk + rows(options.requests()),
            options.requests(),
            options.context(),
            model.positions().axes());
    runner = new StepRunner(model.decoder(), buffers, rows(options.requests()));
    draft =
        drafting == null
            ? null
            : new DraftModel(kernels, drafting, options, config.vocabulary(), turn);
    pool = new TensorPool(kernels);
    images = new ImageEmbeddings(options.imageBytes());
    scheduler = new Scheduler(this);
    imageEncoding = new ImageEncoding(this);
  }

  /** Of how many tokens of a step logits may be wanted where so many requests run together. */
  public static int rows(int requests) {
    return requests + MORE_ROWS;
  }

  /** The sizes. */
  EngineOptions options() {
    return options;
  }

  /** Largest number of tokens of a sequence. */
  public int context() {
    return options.context();
  }

  /** Largest number of tokens of prompts in a step. */
  public int chunk() {
    return chunk;
  }

  /** What computes. */
  public String backend() {
    return kernels.description();
  }

  /** How keys and values are stored. */
  public CacheFormat cacheFormat() {
    return cache.format();
  }

  /** Pages that running requests hold. */
  public int usedPages() {
    return cache.usedPages() + (draft == null ? 0 : draft.usedPages());
  }

  /** How many images of requests have been encoded so far: not those that were known already. */
  public long encodedImages() {
    return encodedImages.sum();
  }

  /** Requests that run or wait. */
  public int requests() {
    return scheduler.live();
  }

  /** How often a request had to give up its pages so far. */
  public long preemptions() {
    return scheduler.preemptions();
  }

  /** Pages that no request holds, kept for others that begin alike. */
  public int retainedPages() {
    return cache.retainedPages();
  }

  /** Guesses what the model writes, if there is such a model. */
  @Nullable DraftModel draft() {
    return draft;
  }

  KvCache cache() {
    return cache;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  ImageEncoding imageEncoding() {
    return imageEncoding;
  }

  /** Where a step may end. */
  RequestTokens.Cuts cuts() {
    return cuts;
  }

  /** Whether only tokens of one sequence may be in a step. */
  boolean oneSequenceAtATime() {
    return cuts.generatedSingly();
  }

  /** Whether requests use what others have computed of the same beginning. */
  boolean sharesPrefixes() {
    return options.retainedTokens() > 0 && !oneSequenceAtATime();
  }

  /** A new, empty sequence; the caller closes it. */
  public CachedSequence newSequence() {
    return new CachedSequence(cache);
  }

  /** Where it is kept what a request has written, for its penalties; the caller closes it. */
  StepSampling.Row newHistory() {
    return runner.newHistory();
  }

  /** Memory for the embeddings of images; the caller closes it. */
  public TensorPool.Loan borrowEmbeddings(int tokens) {
    int width =
        model
            .images()
            .map(input -> input.encoder().outputWidth())
            .orElse(model.decoder().config().width());
    turn.lock();
    try {
      requireOpen();
      return pool.borrow(ElementType.F32, tokens, width);
    } finally {
      turn.unlock();
    }
  }

  /**
   * Where the chunk of a prompt that begins at {@code from} ends: as long as a step may be, but not
   * inside an image whose tokens see each other.
   */
  public int chunkEnd(EncodedPrompt prompt, int from) {
    return new RequestTokens(prompt).chunkEnd(from, chunk, cuts);
  }

  /**
   * Encodes one image into {@code out (tokens, width)}. Steps that wait get their turn between its
   * layers.
   */
  public void encode(
      Tensor out, PreparedImage image, ImageEncoder encoder, LayerObserver observer) {
    turn.lock();
    try {
      requireOpen();
      encoder.encode(
          out,
          image,
          (by, name, x) -> {
            observer.observe(by, name, x);
            letOthers();
          });
    } finally {
      turn.unlock();
    }
  }

  /** Ends the encoding of an image that nobody waits for any more. */
  private static final class NotWanted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotWanted() {
      super("not wanted any more", null, false, false);
    }
  }

  private static @Nullable ContentKey pictureKey(RequestRun run, int image) {
    return run.shares() ? run.tokens.pictureKey(image) : null;
  }

  /** The embeddings of an image of a request, if it has been encoded before; else null. */
  ImageEmbeddings.@Nullable Use knownEmbeddings(RequestRun run, int image) {
    ContentKey key = pictureKey(run, image);
    return key == null ? null : images.find(key);
  }

  /**
   * Encodes an image of a request.
   *
   * @return null if the request has to end meanwhile
   */
  ImageEmbeddings.@Nullable Use newEmbeddings(RequestRun run, int image) {
    ContentKey key = pictureKey(run, image);
    PreparedImage prepared = run.tokens.prompt().images().get(image);
    TensorPool.Loan loan = borrowEmbeddings(prepared.tokens());
    try {
      encode(
          loan.tensor(),
          prepared,
          model.images().orElseThrow().encoder(),
          (by, name, x) -> {
            run.observer.observe(by, name, x);
            if (run.over() != null) {
              throw new NotWanted();
            }
          });
      encodedImages.increment();
      return key == null ? images.unshared(loan) : images.add(key, loan);
    } catch (NotWanted _) {
      loan.close();
      return null;
    } catch (RuntimeException | Error e) {
      loan.close();
      throw e;
    }
  }

  private void letOthers() {
    if (turn.hasQueuedThreads()) {
      turn.unlock();
      turn.lock();
      requireOpen();
    }
  }

  /**
   * Feeds tokens {@code from} to {@code to} of a prompt.
   *
   * @param embeddings of all images of the prompt in order
   * @param result takes what is wanted of the logits after the last token
   */
  public void feed(
      CachedSequence sequence,
      EncodedPrompt prompt,
      Tensor embeddings,
      int from,
      int to,
      StepResult result,
      LayerObserver observer) {
    List<Tensor> parts = new ArrayList<>();
    int row = 0;
    for (PreparedImage image : prompt.images()) {
      parts.add(embeddings.rows(row, image.tokens()));
      row += image.tokens();
    }
    runByHand(
        part(new RequestTokens(prompt), sequence, from, to, new int[0], parts, result), observer);
  }

  /** Feeds one generated token at {@code position}. */
  public void decode(
      CachedSequence sequence, int id, int position, StepResult result, LayerObserver observer) {
    int[][] positions = new int[model.positions().axes()][];
    Arrays.fill(positions, new int[] {position});
    StepBuffers.Part token =
        new StepBuffers.Part(
            sequence,
            new int[] {id},
            positions,
            List.of(),
            new int[0][],
            new int[result.rows(0)],
            0);
    runByHand(new StepRunner.Part(token, result), observer);
  }

  private void runByHand(StepRunner.Part part, LayerObserver observer) {
    try {
      run(List.of(part), observer);
    } catch (GrowthException e) {
      throw e.reason();
    }
  }

  /** What a request puts into a step: its tokens {@code from} to {@code to}, and guesses after. */
  StepRunner.Part part(
      RequestTokens tokens,
      CachedSequence sequence,
      int from,
      int to,
      int[] guesses,
      List<? extends @Nullable Tensor> embeddings,
      StepResult result) {
    return new StepRunner.Part(
        tokens.part(
            sequence,
            from,
            to,
            guesses,
            embeddings,
            cuts.undividedPictures(),
            result.rows(guesses.length)),
        result);
  }

  /** Says that the cache had no memory for a step, of which nothing has happened then. */
  static final class GrowthException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final RuntimeException reason;

    GrowthException(RuntimeException reason) {
      super(reason);
      this.reason = reason;
    }

    RuntimeException reason() {
      return reason;
    }
  }

  /** Extends the sequences by the parts' tokens and runs a step. */
  void run(List<StepRunner.Part> parts, LayerObserver observer) {
    turn.lock();
    try {
      requireOpen();
      extend(parts);
      runner.run(parts, observer);
    } finally {
      turn.unlock();
    }
  }

  private static void extend(List<StepRunner.Part> parts) {
    int extended = 0;
    try {
      for (StepRunner.Part part : parts) {
        part.tokens().sequence().extend(part.tokens().ids().length);
        extended++;
      }
    } catch (RuntimeException e) {
      for (StepRunner.Part part : parts.subList(0, extended)) {
        CachedSequence sequence = part.tokens().sequence();
        sequence.truncate(sequence.length() - part.tokens().ids().length);
      }
      throw new GrowthException(e);
    }
  }

  /**
   * Takes no more requests and waits until those that are there have ended.
   *
   * @return whether they have, within the time
   */
  public boolean drain(Duration atMost) throws InterruptedException {
    return scheduler.drain(atMost);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the model is closed");
    }
  }

  /**
   * Refuses what would wait for the step or the image that the calling thread is in the middle of.
   *
   * @throws IllegalStateException if a {@link LayerObserver} calls
   */
  void requireNotObserving() {
    if (turn.isHeldByCurrentThread()) {
      throw new IllegalStateException(
          "a layer observer called the model in the middle of a step: expected a call after the"
              + " request, or from another thread that the observer does not wait for");
    }
  }

  /**
   * Ends all requests, waits for the running step, and frees the device. Idempotent.
   *
   * @throws IllegalStateException if a {@link LayerObserver} calls
   */
  @Override
  public void close() {
    requireNotObserving();
    scheduler.close();
    imageEncoding.close();
    turn.lock();
    try {
      if (!closed) {
        closed = true;
        runner.close();
        if (draft != null) {
          draft.close();
        }
        kernels.close();
      }
    } finally {
      turn.unlock();
    }
  }
}

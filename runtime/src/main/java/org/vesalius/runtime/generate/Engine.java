package org.vesalius.runtime.generate;

import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.DecoderScratch;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.Step;
import org.vesalius.runtime.layers.StepBuffers;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.PositionRule;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.PreparedImage;
import org.vesalius.runtime.vision.TensorPool;

/**
 * Runs a loaded model step by step for many requests. Each request holds its own sequence in the
 * cache; the device and the scratch memory are shared, and a fair lock lets requests take turns,
 * step by step.
 */
public final class Engine implements AutoCloseable {
  private final Kernels kernels;
  private final LoadedModel model;
  private final KvCache cache;
  private final StepBuffers buffers;
  private final DecoderScratch scratch;
  private final TensorPool pool;
  private final Tensor token;
  private final StepSampling sampling;
  private final DecodeRecordings recordings;
  private final int context;
  private final int groupTokens;
  private final ReentrantLock turn = new ReentrantLock(true);
  private boolean closed;

  /**
   * Allocates everything that steps need.
   *
   * @param wantedChunk largest number of tokens of a step; more where the tokens of an image cannot
   *     be parted
   * @param context largest number of tokens of a sequence
   * @param cacheFormat how keys and values are stored
   * @param cacheTokens largest number of tokens of all sequences
   */
  public Engine(
      Kernels kernels,
      LoadedModel model,
      int wantedChunk,
      int context,
      CacheFormat cacheFormat,
      long cacheTokens) {
    groupTokens = model.images().map(LoadedModel.ImageInput::groupTokens).orElse(0);
    int chunk = Math.max(wantedChunk, groupTokens);
    DecoderConfig config = model.decoder().config();
    this.kernels = kernels;
    this.model = model;
    this.context = context;
    cache =
        new KvCache(
            kernels,
            cacheFormat,
            config.layers(),
            config.kvHeads(),
            config.headSize(),
            cacheTokens);
    buffers = new StepBuffers(kernels, cache, chunk, context, model.positions().axes());
    scratch = DecoderScratch.allocate(kernels, config, chunk, 1);
    pool = new TensorPool(kernels);
    token = kernels.allocate(ElementType.I32, 1, 1);
    sampling = new StepSampling(kernels, config.vocabulary());
    recordings = new DecodeRecordings(kernels);
  }

  /** Largest number of tokens of a sequence. */
  public int context() {
    return context;
  }

  /** Largest number of tokens of a step. */
  public int chunk() {
    return buffers.tokens();
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
    return cache.usedPages();
  }

  /** A new, empty sequence; the caller closes it. */
  public CachedSequence newSequence() {
    return new CachedSequence(cache);
  }

  /** Where it is kept what a request has written, for its penalties; the caller closes it. */
  StepSampling.Row newHistory() {
    return sampling.newRow();
  }

  /** Memory for the embeddings of a prompt's images; the caller closes it. */
  public TensorPool.Loan borrowEmbeddings(int tokens) {
    int width =
        model
            .images()
            .map(input -> input.encoder().outputWidth())
            .orElse(model.decoder().config().width());
    return pool.borrow(ElementType.F32, tokens, width);
  }

  /**
   * Where the chunk of a prompt that begins at {@code from} ends: as long as a step may be, but not
   * inside an image whose tokens see each other.
   */
  public int chunkEnd(EncodedPrompt prompt, int from) {
    int end = Math.min(prompt.ids().length, from + chunk());
    if (groupTokens > 0) {
      for (PositionRule.ImageSpan span : prompt.spans()) {
        if (span.start() > from && span.start() < end && span.end() > end) {
          return span.start();
        }
      }
    }
    return end;
  }

  /** Encodes one image into {@code out (tokens, width)}. */
  public void encode(
      Tensor out, PreparedImage image, ImageEncoder encoder, LayerObserver observer) {
    turn.lock();
    try {
      requireOpen();
      encoder.encode(out, image, observer);
    } finally {
      turn.unlock();
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
    int[][] positions = prompt.positions().axes();
    int[][] slice = new int[positions.length][];
    for (int axis = 0; axis < slice.length; axis++) {
      slice[axis] = Arrays.copyOfRange(positions[axis], from, to);
    }
    int firstRow = 0;
    int count = 0;
    int[] targets = new int[to - from];
    int row = 0;
    for (var span : prompt.spans()) {
      for (int token = span.start(); token < span.end(); token++, row++) {
        if (token >= from && token < to) {
          if (count == 0) {
            firstRow = row;
          }
          targets[count++] = token - from;
        }
      }
    }
    step(
        sequence,
        new StepInput(
            Arrays.copyOfRange(prompt.ids(), from, to),
            slice,
            count == 0 ? null : embeddings.rows(firstRow, count),
            Arrays.copyOf(targets, count),
            groupTokens == 0 || count == 0 ? new int[0][] : groups(prompt, from, to),
            prompt.ids().length),
        result,
        observer);
  }

  /** The tokens that each token sees in both directions: those of its image, or itself. */
  private static int[][] groups(EncodedPrompt prompt, int from, int to) {
    int[][] groups = new int[2][to - from];
    for (int t = from; t < to; t++) {
      groups[0][t - from] = t;
      groups[1][t - from] = t + 1;
    }
    for (PositionRule.ImageSpan span : prompt.spans()) {
      int first = Math.max(from, span.start());
      int end = Math.min(to, span.end());
      if (first < end) {
        Arrays.fill(groups[0], first - from, end - from, span.start());
        Arrays.fill(groups[1], first - from, end - from, span.end());
      }
    }
    return groups;
  }

  /** Feeds one generated token at {@code position}. */
  public void decode(
      CachedSequence sequence, int id, int position, StepResult result, LayerObserver observer) {
    int[][] positions = new int[model.positions().axes()][];
    Arrays.fill(positions, new int[] {position});
    step(
        sequence,
        new StepInput(new int[] {id}, positions, null, new int[0], new int[0][], 0),
        result,
        observer);
  }

  private void step(
      CachedSequence sequence, StepInput input, StepResult result, LayerObserver observer) {
    turn.lock();
    try {
      requireOpen();
      int tokens = input.ids().length;
      sequence.extend(tokens);
      int[] wanted = result.wanted() ? new int[] {tokens - 1} : new int[0];
      Step step =
          buffers.step(
              new StepBuffers.Part(
                  sequence,
                  input.ids(),
                  input.positions(),
                  input.spliceRows(),
                  input.spliceTargets(),
                  input.groups(),
                  wanted,
                  input.promptLength()));
      model.decoder().prepare(kernels, step);
      StepResult.Draw draw = result.draw();
      if (draw != null && sampling.prepare(draw)) {
        recordings.close();
      }
      // Only generated tokens come again and again in the same shapes; who observes wants to look
      // into the middle of a step.
      if (input.promptLength() == 0 && observer == LayerObserver.NONE) {
        recordings.of(step, result, () -> compute(step, result, observer)).run();
      } else {
        compute(step, result, observer);
      }
      if (result.isToken()) {
        kernels.read(result.token, token);
        if (draw != null && result.token[0] >= 0) {
          draw.sampler().add(result.token[0]);
        }
      } else if (result.wanted()) {
        kernels.read(result.logits(), scratch.logits().firstRows(1));
      }
    } finally {
      turn.unlock();
    }
  }

  private void compute(Step step, StepResult result, LayerObserver observer) {
    Tensor logits = model.decoder().forward(kernels, step, scratch, observer);
    switch (result.kind()) {
      case LIKELIEST -> kernels.argmax(token, logits);
      case DRAWN -> sampling.sample(token, logits);
      case LOGITS, NOTHING -> {}
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // a bundle of arguments; never compared
  private record StepInput(
      int[] ids,
      int[][] positions,
      @Nullable Tensor spliceRows,
      int[] spliceTargets,
      int[][] groups,
      int promptLength) {}

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the model is closed");
    }
  }

  /**
   * Waits for the running step and frees the device. Requests that go on afterwards fail.
   * Idempotent.
   */
  @Override
  public void close() {
    turn.lock();
    try {
      if (!closed) {
        closed = true;
        recordings.close();
        kernels.close();
      }
    } finally {
      turn.unlock();
    }
  }
}

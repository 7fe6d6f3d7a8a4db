package org.vesalius.runtime.generate;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.vesalius.kernels.Kernels;
import org.vesalius.runtime.DraftAcceptance;
import org.vesalius.runtime.NumericalException;
import org.vesalius.runtime.layers.CacheFullException;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.StepBuffers;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.PositionRule;

/**
 * A small model that guesses what a large one with the same tokens writes (speculative decoding,
 * Leviathan et al. 2023). It reads the text of a prompt, not the pictures, and always writes what
 * it finds likeliest; where the text repeats itself, prompt lookup guesses instead, which costs
 * nothing. Of every request it keeps keys and values in a cache of its own. Requests are guessed
 * for one after the other.
 */
final class DraftModel implements AutoCloseable {
  private final LoadedModel model;
  private final ReentrantLock turn;
  private final int chunk;
  private final int context;
  private final int vocabulary;
  private final KvCache cache;
  private final StepRunner runner;

  /**
   * Allocates everything that guessing needs.
   *
   * @param options of the engine that it guesses for
   * @param vocabulary of the model that it guesses for
   * @param turn is held while something is computed
   */
  DraftModel(
      Kernels kernels,
      LoadedModel model,
      EngineOptions options,
      int vocabulary,
      ReentrantLock turn) {
    this.model = model;
    this.turn = turn;
    this.vocabulary = vocabulary;
    chunk = options.chunk();
    DecoderConfig config = model.decoder().config();
    context = Math.min(options.context(), config.maxPositions());
    cache =
        new KvCache(
            kernels,
            options.cacheFormat(),
            config.layers(),
            config.kvHeads(),
            config.headSize(),
            options.cacheTokens(),
            0);
    runner =
        new StepRunner(
            model.decoder(),
            new StepBuffers(cache, chunk, 1, context, model.positions().axes()),
            1);
  }

  /** Pages that requests hold. */
  int usedPages() {
    return cache.usedPages();
  }

  /** Guesses for a request. */
  Guesses guesses(EncodedPrompt prompt) {
    return new Draft(prompt);
  }

  @Override
  public void close() {
    runner.close();
  }

  /** The text of a request as the small model knows it. */
  private final class Draft implements Guesses {
    private final PromptLookup lookup;
    private final CachedSequence sequence = new CachedSequence(cache);
    private final StepResult result = StepResult.likeliest();
    private final GuessLimit limit = new GuessLimit();
    private int[] ids;
    private int length;

    /** What is in the sequence: the text, and after it what was guessed last. */
    private int[] read = {};

    private boolean lookedUp;
    private boolean useless;
    private DraftAcceptance acceptance = DraftAcceptance.NONE;

    Draft(EncodedPrompt prompt) {
      lookup = new PromptLookup(prompt.ids());
      ids = Arrays.copyOf(prompt.ids(), prompt.ids().length);
      int at = 0;
      int from = 0;
      for (PositionRule.ImageSpan span : prompt.spans()) {
        System.arraycopy(prompt.ids(), from, ids, at, span.start() - from);
        at += span.start() - from;
        from = span.end();
      }
      System.arraycopy(prompt.ids(), from, ids, at, ids.length - from);
      length = at + ids.length - from;
    }

    @Override
    public void add(int id) {
      lookup.add(id);
      if (length == ids.length) {
        ids = Arrays.copyOf(ids, Math.max(64, 2 * length));
      }
      ids[length++] = id;
    }

    @Override
    public int[] propose(int most) {
      int[] found = lookup.propose(most);
      lookedUp = found.length > 0;
      int count = Math.min(Math.min(most, limit.most()), context - length);
      if (lookedUp || useless || count <= 0 || length == 0 || limit.pauses()) {
        return found;
      }
      turn.lock();
      try {
        return write(count);
      } catch (CacheFullException _) {
        release(); // others guess with it; a later step may find room
        return found;
      } catch (NumericalException _) {
        useless = true;
        release();
        return found;
      } finally {
        turn.unlock();
      }
    }

    private int[] write(int count) {
      int known = 0;
      int most = Math.min(sequence.length(), length - 1); // the last token is read for its result
      while (known < most && read[known] == ids[known]) {
        known++;
      }
      sequence.truncate(known);
      while (known < length) {
        int to = Math.min(length, known + chunk);
        feed(Arrays.copyOfRange(ids, known, to), to == length);
        known = to;
      }
      int[] guess = new int[count];
      for (int i = 0; i < count; i++) {
        if (i > 0) {
          feed(new int[] {guess[i - 1]}, true);
        }
        int id = result.token(0, sequence.length());
        if (id >= vocabulary) {
          return Arrays.copyOf(guess, i); // a row that only pads the small model's vocabulary
        }
        guess[i] = id;
      }
      return guess;
    }

    private void feed(int[] tokens, boolean wanted) {
      int from = sequence.length();
      int[][] positions = new int[model.positions().axes()][tokens.length];
      for (int[] axis : positions) {
        Arrays.setAll(axis, t -> from + t);
      }
      if (read.length < from + tokens.length) {
        read = Arrays.copyOf(read, Math.max(from + tokens.length, 2 * read.length));
      }
      System.arraycopy(tokens, 0, read, from, tokens.length);
      sequence.extend(tokens.length);
      StepBuffers.Part part =
          new StepBuffers.Part(
              sequence,
              tokens,
              positions,
              List.of(),
              new int[0][],
              wanted ? new int[] {tokens.length - 1} : new int[0],
              tokens.length == 1 ? 0 : from + tokens.length);
      runner.run(
          List.of(new StepRunner.Part(part, wanted ? result : StepResult.nothing())),
          LayerObserver.NONE);
    }

    @Override
    public void checked(int proposed, int accepted) {
      acceptance = acceptance.plus(proposed, accepted);
      if (lookedUp) {
        lookup.checked(proposed, accepted);
      } else {
        limit.checked(proposed, accepted);
      }
    }

    @Override
    public DraftAcceptance acceptance() {
      return acceptance;
    }

    @Override
    public void release() {
      sequence.close();
    }
  }
}

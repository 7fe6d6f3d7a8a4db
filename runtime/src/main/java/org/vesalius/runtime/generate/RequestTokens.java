package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.ContentKey;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.StepBuffers;
import org.vesalius.runtime.models.PositionRule;
import org.vesalius.runtime.vision.PreparedImage;

/**
 * All tokens of a request: its prompt and what has been generated after it. Knows what steps need
 * of any stretch of them, and the keys of its pages. Not thread-safe.
 */
final class RequestTokens {
  private final EncodedPrompt prompt;
  private final List<PictureRun> runs = new ArrayList<>();
  private final List<ContentKey> pictures = new ArrayList<>();
  private final List<ContentKey> pages = new ArrayList<>();
  private int[] ids;
  private int length;

  /** Tokens {@code start} to before {@code end} are rows {@code row} and on of a picture. */
  private record PictureRun(int picture, int start, int end, int row) {}

  RequestTokens(EncodedPrompt prompt) {
    this.prompt = prompt;
    ids = prompt.ids();
    length = ids.length;
    int picture = 0;
    int row = 0;
    for (PositionRule.ImageSpan span : prompt.spans()) {
      while (row == prompt.images().get(picture).tokens()) {
        picture++;
        row = 0;
      }
      runs.add(new PictureRun(picture, span.start(), span.end(), row));
      row += span.end() - span.start();
    }
  }

  EncodedPrompt prompt() {
    return prompt;
  }

  int promptLength() {
    return prompt.ids().length;
  }

  /** How many tokens there are, prompt and answer. */
  int length() {
    return length;
  }

  int id(int index) {
    return ids[index];
  }

  /** Adds a generated token. */
  void add(int id) {
    if (length == ids.length) {
      ids = Arrays.copyOf(ids, length + Math.max(64, length / 2));
    }
    ids[length++] = id;
  }

  /** Which pictures have tokens from {@code from} on. */
  List<Integer> picturesFrom(int from) {
    return runs.stream().filter(run -> run.end > from).map(PictureRun::picture).distinct().toList();
  }

  /**
   * Where a step may end.
   *
   * @param undividedPictures not inside a picture, because its tokens see each other
   * @param generatedSingly after every generated token, because rotations depend on the length
   */
  record Cuts(boolean undividedPictures, boolean generatedSingly) {}

  /**
   * Where a stretch ends that begins at {@code from} and has at most {@code most} tokens.
   *
   * @return {@code from} if the picture that comes next does not fit
   */
  int chunkEnd(int from, int most, Cuts cuts) {
    int end = Math.min(length, from + most);
    if (cuts.generatedSingly()) {
      end = Math.min(end, Math.max(promptLength(), from + 1));
    }
    if (cuts.undividedPictures()) {
      for (PictureRun run : runs) {
        if (run.end > from && run.start < end && run.end > end) {
          return Math.max(from, run.start);
        }
      }
    }
    return end;
  }

  /**
   * Tokens {@code from} to {@code to} as a step wants them.
   *
   * @param guesses tokens to be tried after them
   * @param embeddings of the pictures; those that have no token here may be null
   * @param undivided whether tokens of a picture see each other
   * @param wanted of how many tokens, the last ones, logits are wanted
   */
  StepBuffers.Part part(
      CachedSequence sequence,
      int from,
      int to,
      int[] guesses,
      List<? extends @Nullable Tensor> embeddings,
      boolean undivided,
      int wanted) {
    int count = to - from + guesses.length;
    int[] all = Arrays.copyOf(Arrays.copyOfRange(ids, from, to), count);
    System.arraycopy(guesses, 0, all, to - from, guesses.length);
    int[] rows = new int[wanted];
    Arrays.setAll(rows, i -> count - wanted + i);
    return new StepBuffers.Part(
        sequence,
        all,
        positions(from, from + count),
        pictures(from, to, embeddings),
        undivided ? groups(from, from + count) : new int[0][],
        rows,
        from < promptLength() ? promptLength() : 0);
  }

  private int[][] positions(int from, int to) {
    int[][] known = prompt.positions().axes();
    int[][] positions = new int[known.length][to - from];
    for (int axis = 0; axis < known.length; axis++) {
      for (int t = from; t < to; t++) {
        positions[axis][t - from] =
            t < promptLength() ? known[axis][t] : prompt.positions().next() + t - promptLength();
      }
    }
    return positions;
  }

  private List<StepBuffers.Part.Picture> pictures(
      int from, int to, List<? extends @Nullable Tensor> embeddings) {
    List<StepBuffers.Part.Picture> parts = new ArrayList<>();
    for (PictureRun run : runs) {
      int first = Math.max(from, run.start);
      int end = Math.min(to, run.end);
      if (first < end) {
        Tensor rows = Objects.requireNonNull(embeddings.get(run.picture), "embeddings");
        parts.add(
            new StepBuffers.Part.Picture(
                rows.rows(run.row + first - run.start, end - first), first - from));
      }
    }
    return parts;
  }

  /** Nothing where no token of a picture is among them. */
  private int[][] groups(int from, int to) {
    int[][] groups = new int[2][to - from];
    for (int t = from; t < to; t++) {
      groups[0][t - from] = t;
      groups[1][t - from] = t + 1;
    }
    boolean any = false;
    for (PictureRun run : runs) {
      int first = Math.max(from, run.start);
      int end = Math.min(to, run.end);
      if (first < end) {
        Arrays.fill(groups[0], first - from, end - from, run.start);
        Arrays.fill(groups[1], first - from, end - from, run.end);
        any = true;
      }
    }
    return any ? groups : new int[0][];
  }

  /** The keys of the first {@code count} pages, which have to be full. */
  List<ContentKey> pageKeys(int count) {
    while (pages.size() < count) {
      int page = pages.size();
      pages.add(
          ContentKey.after(page == 0 ? null : pages.getLast(), ids, page, pictureTokens(page)));
    }
    return pages.subList(0, count);
  }

  private List<ContentKey.PictureTokens> pictureTokens(int page) {
    int begin = page * KvCache.PAGE_SIZE;
    List<ContentKey.PictureTokens> found = new ArrayList<>();
    for (PictureRun run : runs) {
      int first = Math.max(begin, run.start);
      if (first < Math.min(begin + KvCache.PAGE_SIZE, run.end)) {
        found.add(
            new ContentKey.PictureTokens(
                pictureKey(run.picture), first - begin, run.row + first - run.start));
      }
    }
    return found;
  }

  /** What a picture shows. */
  ContentKey pictureKey(int picture) {
    if (pictures.isEmpty()) {
      prompt.images().stream().map(PreparedImage::contentKey).forEach(pictures::add);
    }
    return pictures.get(picture);
  }
}

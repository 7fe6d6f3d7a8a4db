package org.vesalius.runtime.layers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Tensor;

/**
 * The integer tensors of a step, and the code that fills them from sequences. They lie one after
 * the other in memory that is allocated once for the largest step, so that a step is one copy to
 * where it is computed; those of steps of as many generated tokens are always at the same place.
 * One step at a time.
 */
public final class StepBuffers {
  private final KvCache cache;
  private final int tokens;
  private final int sequences;
  private final int pages;
  private final int[] values;
  private int used;

  /** The integers in the memory of each stage. */
  private final List<Tensor> all;

  /**
   * Buffers for steps of up to {@code tokens} tokens of up to {@code sequences} sequences, each of
   * up to {@code context} tokens, where the layers of the cache are.
   *
   * @param axes rows of the positions
   */
  public StepBuffers(KvCache cache, int tokens, int sequences, int context, int axes) {
    this.cache = cache;
    this.tokens = tokens;
    this.sequences = sequences;
    pages = Math.ceilDiv(context, KvCache.PAGE_SIZE);
    // Ids, positions, slots, rows of logits, targets, and first and end of groups; then of each
    // sequence its start, length and pages, and the end of the last.
    long size = (long) tokens * (6 + axes) + 1 + sequences * (2L + pages);
    values = new int[Math.toIntExact(size)];
    all =
        cache.stages().stream()
            .map(stage -> stage.kernels().allocate(ElementType.I32, 1, values.length))
            .toList();
  }

  /** Largest number of tokens of a step. */
  public int tokens() {
    return tokens;
  }

  /** Largest number of sequences of a step. */
  public int sequences() {
    return sequences;
  }

  /**
   * A part of one sequence: its next tokens. The sequence has been extended by them already.
   *
   * @param sequence where the keys and values go
   * @param ids the tokens
   * @param positions {@code [axis][token]}
   * @param pictures image embeddings among these tokens
   * @param groups {@code [first, end][token]} of the tokens, as positions in the sequence, that
   *     each token sees in both directions; empty if there are none
   * @param wanted the tokens whose logits are wanted, counted from the first of {@code ids}
   * @param promptLength tokens of the sequence's prompt, 0 where none of these is of the prompt
   */
  @SuppressWarnings("ArrayRecordComponent") // a bundle of arguments; never compared
  public record Part(
      CachedSequence sequence,
      int[] ids,
      int[][] positions,
      List<Picture> pictures,
      int[][] groups,
      int[] wanted,
      int promptLength) {

    /**
     * Image embeddings.
     *
     * @param rows one for each token
     * @param first the token that the first row replaces, counted from the first of the part; the
     *     others follow it
     */
    public record Picture(Tensor rows, int first) {}

    /** Whether it is one generated token. */
    public boolean isGenerated() {
      return ids.length == 1 && promptLength == 0;
    }

    private int start() {
      return sequence.length() - ids.length;
    }
  }

  /** A step over parts of different sequences, as each stage of the decoder has it. */
  public List<Step> step(List<Part> parts) {
    int count = parts.stream().mapToInt(part -> part.ids().length).sum();
    int axes = parts.getFirst().positions().length;
    if (count > tokens || parts.size() > sequences) {
      throw new IllegalArgumentException(
          "expected a step of up to %d tokens of %d sequences, found %d of %d"
              .formatted(tokens, sequences, count, parts.size()));
    }
    used = 0;
    Place ids = row(count, parts, Part::ids);
    Place positions = rows(axes, count, parts, Part::positions);
    Place slots = row(count, parts, StepBuffers::slots);
    Place starts = put(starts(parts));
    Place lengths = put(parts.stream().mapToInt(part -> part.sequence().length()).toArray());
    Place logitRows = put(logitRows(parts));
    List<PlacedPicture> pictures = pictures(parts);
    Place groups =
        parts.stream().allMatch(part -> part.groups().length == 0)
            ? null
            : rows(2, count, parts, StepBuffers::groups);
    Place pageTable = pageTable(parts);
    int longest =
        parts.stream()
            .mapToInt(part -> Math.max(part.promptLength(), part.sequence().length()))
            .max()
            .orElseThrow();
    List<Step> steps = new ArrayList<>();
    for (int stage = 0; stage < all.size(); stage++) {
      Tensor here = all.get(stage);
      cache.stages().get(stage).kernels().write(here.columns(0, used), values);
      steps.add(
          new Step(
              ids.in(here),
              positions.in(here),
              slots.in(here),
              starts.in(here),
              cache.view(pageTable.in(here), lengths.in(here)),
              logitRows.in(here),
              // Pictures are where the first stage is, and join its layers only.
              stage == 0 ? pictures.stream().map(picture -> picture.in(here)).toList() : List.of(),
              groups == null ? null : groups.in(here),
              longest));
    }
    return steps;
  }

  /** Where integers of a step are, in the memory of any stage. */
  private record Place(int first, int rows, int columns) {
    Tensor in(Tensor all) {
      return new Tensor(
          ElementType.I32,
          all.data().asSlice((long) first * Integer.BYTES),
          rows,
          columns,
          columns);
    }
  }

  /** Embeddings, and where the tokens that they replace are listed. */
  private record PlacedPicture(Tensor rows, Place targets) {
    Step.Splice in(Tensor all) {
      return new Step.Splice(rows, targets.in(all));
    }
  }

  private static int[] starts(List<Part> parts) {
    int[] starts = new int[parts.size() + 1];
    for (int i = 0; i < parts.size(); i++) {
      starts[i + 1] = starts[i] + parts.get(i).ids().length;
    }
    return starts;
  }

  private static int[] slots(Part part) {
    int[] slots = new int[part.ids().length];
    Arrays.setAll(slots, t -> part.sequence().slot(part.start() + t));
    return slots;
  }

  private static int[] logitRows(List<Part> parts) {
    int[] starts = starts(parts);
    return IntStream.range(0, parts.size())
        .flatMap(i -> Arrays.stream(parts.get(i).wanted()).map(wanted -> starts[i] + wanted))
        .toArray();
  }

  private List<PlacedPicture> pictures(List<Part> parts) {
    List<PlacedPicture> pictures = new ArrayList<>();
    int start = 0;
    for (Part part : parts) {
      for (Part.Picture picture : part.pictures()) {
        int[] targets = new int[picture.rows().rows()];
        int first = start + picture.first();
        Arrays.setAll(targets, i -> first + i);
        pictures.add(new PlacedPicture(picture.rows(), put(targets)));
      }
      start += part.ids().length;
    }
    return pictures;
  }

  /** A token without a group sees itself. */
  private static int[][] groups(Part part) {
    if (part.groups().length > 0) {
      return part.groups();
    }
    int[][] own = new int[2][part.ids().length];
    Arrays.setAll(own[0], t -> part.start() + t);
    Arrays.setAll(own[1], t -> part.start() + t + 1);
    return own;
  }

  /** Of steps of generated tokens as wide as a power of two, so that many have the same shape. */
  private Place pageTable(List<Part> parts) {
    int held = parts.stream().mapToInt(part -> part.sequence().pageCount()).max().orElseThrow();
    int width =
        parts.stream().allMatch(Part::isGenerated)
            ? Math.min(pages, 2 * Integer.highestOneBit(Math.max(1, held)))
            : held;
    Place table = reserve(parts.size(), width);
    for (int i = 0; i < parts.size(); i++) {
      int begin = used - (parts.size() - i) * width;
      CachedSequence sequence = parts.get(i).sequence();
      for (int p = 0; p < width; p++) {
        values[begin + p] = p < sequence.pageCount() ? sequence.page(p) : 0;
      }
    }
    return table;
  }

  private Place put(int[] row) {
    Place placed = reserve(1, row.length);
    System.arraycopy(row, 0, values, used - row.length, row.length);
    return placed;
  }

  private Place row(int columns, List<Part> parts, Function<Part, int[]> row) {
    return rows(1, columns, parts, part -> new int[][] {row.apply(part)});
  }

  /** Rows of integers to which every part adds as many columns as it has tokens. */
  private Place rows(int rows, int columns, List<Part> parts, Function<Part, int[][]> of) {
    int begin = used;
    Place placed = reserve(rows, columns);
    int column = 0;
    for (Part part : parts) {
      int[][] values = of.apply(part);
      for (int r = 0; r < rows; r++) {
        System.arraycopy(
            values[r], 0, this.values, begin + r * columns + column, part.ids().length);
      }
      column += part.ids().length;
    }
    return placed;
  }

  private Place reserve(int rows, int columns) {
    Place reserved = new Place(used, rows, columns);
    used += rows * columns;
    return reserved;
  }

  /** The page table's width in tokens: the longest sequence that fits. */
  public int context() {
    return pages * KvCache.PAGE_SIZE;
  }
}

package org.vesalius.kernels;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The shape rules of {@link Kernels}, checked by every backend before it computes. */
public final class Shapes {
  private Shapes() {}

  /** Fails unless {@code holds}. */
  public static void require(boolean holds, String operation, String rule, Tensor... found) {
    if (!holds) {
      StringBuilder message =
          new StringBuilder(operation).append(": expected ").append(rule).append(", found");
      for (Tensor tensor : found) {
        message.append(' ').append(tensor.type()).append(tensor.shape());
      }
      throw new IllegalArgumentException(message.toString());
    }
  }

  private static void floats(String operation, Tensor... tensors) {
    for (Tensor tensor : tensors) {
      require(tensor.type() == ElementType.F32, operation, "F32 tensors", tensors);
    }
  }

  /** Rules of {@link Kernels#embed}. */
  public static void embed(Tensor out, Weight table, Tensor ids) {
    floats("embed", out);
    if (table instanceof Weight.Transposed) {
      throw new IllegalArgumentException(
          "embed: expected a table stored row by row, found a transposed one of ("
              + table.rows()
              + ", "
              + table.columns()
              + "); store it the other way round");
    }
    require(
        out.columns() == table.columns() && isVector(ids, ElementType.I32, out.rows()),
        "embed",
        "out (tokens, " + table.columns() + ") and ids (1, tokens)",
        out,
        ids);
  }

  /** Rules of {@link Kernels#gatherRows} and {@link Kernels#scatterRows}. */
  public static void moveRows(String operation, Tensor indexed, Tensor other, Tensor index) {
    floats(operation, indexed, other);
    require(
        indexed.columns() == other.columns() && isVector(index, ElementType.I32, indexed.rows()),
        operation,
        "rows of one width and one index per row",
        indexed,
        other,
        index);
  }

  /**
   * Rules of {@link Kernels#write} and {@link Kernels#read}.
   *
   * @param holds whether the tensor's type is one of those that the array is for
   * @param available length of the array
   * @param kind what it holds, for the error
   */
  public static void copy(Tensor tensor, boolean holds, int available, String kind) {
    if (!holds || (long) tensor.rows() * tensor.columns() > available) {
      throw new IllegalArgumentException(
          "copy: tensor "
              + tensor.type()
              + " "
              + tensor.shape()
              + " does not fit an array of "
              + available
              + " "
              + kind);
    }
  }

  /** Rules of {@link Kernels#argmax}. */
  public static void argmax(Tensor out, Tensor x) {
    floats("argmax", x);
    require(
        isVector(out, ElementType.I32, x.rows()), "argmax", "out (1, " + x.rows() + ")", out, x);
  }

  /** Rules of {@link Kernels#linear}. */
  public static void linear(Tensor out, Tensor x, Weight weight, @Nullable Tensor bias) {
    floats("linear", out, x);
    require(
        out.rows() == x.rows() && x.columns() == weight.columns() && out.columns() == weight.rows(),
        "linear",
        "x (tokens, " + weight.columns() + ") and out (tokens, " + weight.rows() + ")",
        out,
        x);
    if (bias != null) {
      require(
          isVector(bias, ElementType.F32, weight.rows()),
          "linear",
          "bias (1, " + weight.rows() + ")",
          bias);
    }
  }

  /** Rules of {@link Kernels#layerNorm}. */
  public static void layerNorm(Tensor out, Tensor x, Tensor gain, Tensor bias) {
    same("layerNorm", out, x);
    require(
        isVector(gain, ElementType.F32, x.columns())
            && isVector(bias, ElementType.F32, x.columns()),
        "layerNorm",
        "gain and bias (1, " + x.columns() + ")",
        gain,
        bias);
  }

  /** Rules of {@link Kernels#mixRows}. */
  public static void mixRows(Tensor out, Tensor x, Tensor index, Tensor shares) {
    floats("mixRows", out, x, shares);
    require(
        out.columns() == x.columns()
            && index.type() == ElementType.I32
            && index.columns() == out.rows()
            && shares.columns() == out.rows()
            && shares.rows() == index.rows(),
        "mixRows",
        "rows of one width, and index and shares (parts, " + out.rows() + ")",
        out,
        x,
        index,
        shares);
  }

  /** Rules of {@link Kernels#route}. */
  public static void route(ExpertRouting routing, Tensor logits) {
    floats("route", logits, routing.shares());
    int tokens = logits.rows();
    int perToken = routing.perToken();
    require(
        routing.experts() == logits.columns()
            && perToken <= logits.columns()
            && isVector(routing.starts(), ElementType.I32, logits.columns() + 1)
            && isVector(routing.rows(), ElementType.I32, tokens * perToken)
            && routing.places().type() == ElementType.I32
            && routing.places().columns() == tokens
            && routing.shares().columns() == tokens
            && routing.shares().rows() == perToken,
        "route",
        "logits (tokens, " + routing.experts() + ") and a routing of as many tokens",
        logits,
        routing.rows(),
        routing.places(),
        routing.shares());
  }

  /** Rules of {@link Kernels#expertLinear}. */
  public static void expertLinear(Tensor out, Tensor x, List<Weight> experts, Tensor starts) {
    floats("expertLinear", out, x);
    require(
        isVector(starts, ElementType.I32, experts.size() + 1) && out.rows() == x.rows(),
        "expertLinear",
        "starts (1, " + (experts.size() + 1) + ") and as many rows out as in",
        starts,
        out,
        x);
    for (Weight expert : experts) {
      require(
          x.columns() == expert.columns() && out.columns() == expert.rows(),
          "expertLinear",
          "x (rows, " + expert.columns() + ") and out (rows, " + expert.rows() + ")",
          out,
          x);
    }
  }

  /** Rules of {@link Kernels#scale}. */
  public static void scale(Tensor x) {
    floats("scale", x);
  }

  /** Rules of {@link Kernels#activate}. */
  public static void activate(Tensor x) {
    floats("activate", x);
  }

  /** Rules of elementwise operations. */
  public static void same(String operation, Tensor a, Tensor b) {
    floats(operation, a, b);
    require(a.rows() == b.rows() && a.columns() == b.columns(), operation, "equal shapes", a, b);
  }

  /** Rules of {@link Kernels#rmsNorm}. */
  public static void norm(Tensor out, Tensor x, Tensor gain) {
    same("rmsNorm", out, x);
    require(
        isVector(gain, ElementType.F32, x.columns()),
        "rmsNorm",
        "gain (1, " + x.columns() + ")",
        gain);
  }

  /** Rules of {@link Kernels#rotaryTable}. */
  public static void rotaryTable(Tensor cos, Tensor sin, Tensor positions, Rotary rotary) {
    same("rotaryTable", cos, sin);
    require(
        isVector(rotary.inverseFrequencies(), ElementType.F32, rotary.pairs())
            && isVector(rotary.axis(), ElementType.I32, rotary.pairs()),
        "rotaryTable",
        "one axis per frequency",
        rotary.inverseFrequencies(),
        rotary.axis());
    require(
        cos.columns() == rotary.pairs()
            && positions.columns() == cos.rows()
            && positions.type() == ElementType.I32,
        "rotaryTable",
        "cos (tokens, " + rotary.pairs() + ") and positions (axes, tokens)",
        cos,
        positions);
  }

  /** Rules of {@link Kernels#rotate}. */
  public static void rotate(Tensor x, Tensor cos, Tensor sin) {
    floats("rotate", x);
    same("rotate", cos, sin);
    require(
        x.rows() == cos.rows() && cos.columns() > 0 && x.columns() % (2 * cos.columns()) == 0,
        "rotate",
        "x (tokens, heads * " + 2 * cos.columns() + ")",
        x,
        cos);
  }

  /** Rules of {@link Kernels#rotateAndCache}. */
  public static void rotateAndCache(
      Tensor q,
      Tensor k,
      Tensor v,
      @Nullable Tensor qGain,
      @Nullable Tensor kGain,
      Tensor cos,
      Tensor sin,
      KeyValues.Paged cache,
      Tensor slots) {
    rotate(q, cos, sin);
    rotate(k, cos, sin);
    same("rotateAndCache", k, v);
    slabs("rotateAndCache", cache, 2 * cos.columns());
    int headSize = 2 * cos.columns();
    require(
        k.columns() == cache.kvHeads() * headSize && isVector(slots, ElementType.I32, q.rows()),
        "rotateAndCache",
        "keys of " + cache.kvHeads() + " heads of " + headSize + " and one slot per token",
        k,
        slots);
    if (qGain != null) {
      require(
          isVector(qGain, ElementType.F32, headSize),
          "rotateAndCache",
          "gain (1, " + headSize + ")",
          qGain);
    }
    if (kGain != null) {
      require(
          isVector(kGain, ElementType.F32, headSize),
          "rotateAndCache",
          "gain (1, " + headSize + ")",
          kGain);
    }
  }

  /** Rules of {@link Kernels#attention}. */
  public static void attention(
      Tensor out,
      Tensor q,
      KeyValues keyValues,
      Tensor starts,
      AttentionShape shape,
      @Nullable Tensor groups) {
    same("attention", out, q);
    if (groups != null) {
      require(
          groups.type() == ElementType.I32
              && groups.rows() == 2
              && groups.columns() == q.rows()
              && shape.causal(),
          "attention",
          "groups (2, " + q.rows() + ") with a causal mask",
          groups);
    }
    require(
        q.columns() == shape.heads() * shape.headSize()
            && starts.type() == ElementType.I32
            && starts.rows() == 1
            && starts.columns() >= 1,
        "attention",
        "queries of " + shape.heads() + " heads of " + shape.headSize(),
        q,
        starts);
    int width = shape.kvHeads() * shape.headSize();
    switch (keyValues) {
      case KeyValues.Ragged(Tensor keys, Tensor values) -> {
        floats("attention", keys, values);
        require(
            keys.columns() == width && values.columns() == width && keys.rows() == values.rows(),
            "attention",
            "keys and values (tokens, " + width + ")",
            keys,
            values);
      }
      case KeyValues.Paged paged -> {
        slabs("attention", paged, shape.headSize());
        require(
            paged.kvHeads() == shape.kvHeads()
                && isVector(paged.lengths(), ElementType.I32, starts.columns() - 1)
                && paged.pageTable().type() == ElementType.I32
                && paged.pageTable().rows() == starts.columns() - 1,
            "attention",
            "a page table row and a length for each of the "
                + (starts.columns() - 1)
                + " sequences",
            paged.pageTable(),
            paged.lengths());
      }
    }
  }

  private static void slabs(String operation, KeyValues.Paged cache, int headSize) {
    int rows = cache.pagesPerSlab() * cache.kvHeads() * cache.pageSize();
    if (rows <= 0 || cache.keys().size() != cache.values().size()) {
      throw new IllegalArgumentException(
          operation
              + ": expected as many slabs of values as of keys, found "
              + cache.values().size()
              + " and "
              + cache.keys().size()
              + " of "
              + cache.pagesPerSlab()
              + " pages of "
              + cache.pageSize()
              + " tokens");
    }
    if (!cache.keys().isEmpty()) {
      Tensor first = cache.keys().getFirst();
      require(first.type() != ElementType.I32, operation, "slabs F32, BF16 or I8", first);
    }
    CacheFormat format = cache.format();
    for (int i = 0; i < cache.keys().size(); i++) {
      Tensor keys = cache.keys().get(i);
      Tensor values = cache.values().get(i);
      require(
          keys.type() == format.elementType()
              && values.type() == format.elementType()
              && keys.rows() >= rows
              && values.rows() >= rows
              && keys.columns() == headSize
              && values.columns() == headSize
              && keys.stride() == headSize
              && values.stride() == headSize,
          operation,
          "contiguous slabs " + format.elementType() + "(" + rows + ", " + headSize + ")",
          keys,
          values);
    }
    scales(operation, cache, rows);
  }

  private static void scales(String operation, KeyValues.Paged cache, int rows) {
    int slabs = cache.format().scaled() ? cache.keys().size() : 0;
    if (cache.keyScales().size() != slabs || cache.valueScales().size() != slabs) {
      throw new IllegalArgumentException(
          operation
              + ": expected "
              + slabs
              + " tensors of scales for keys and values of "
              + cache.format()
              + ", found "
              + cache.keyScales().size()
              + " and "
              + cache.valueScales().size());
    }
    for (int i = 0; i < slabs; i++) {
      Tensor keys = cache.keyScales().get(i);
      Tensor values = cache.valueScales().get(i);
      floats(operation, keys, values);
      require(
          keys.rows() == 1
              && values.rows() == 1
              && keys.columns() >= rows
              && values.columns() >= rows,
          operation,
          "scales (1, " + rows + ")",
          keys,
          values);
    }
  }

  private static boolean isVector(Tensor tensor, ElementType type, int length) {
    return tensor.type() == type && tensor.rows() == 1 && tensor.columns() == length;
  }
}

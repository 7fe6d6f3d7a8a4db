package org.vesalius.bench.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * oneDNN's product of activations {@code (tokens, columns)} with the transpose of a weight {@code
 * (rows, columns)}, in float32 {@code (tokens, rows)}. Activations are rounded and weights brought
 * into the library's layout before, so that neither counts: an advantage over an engine that has to
 * do the former in each call and takes weights as a file has them.
 */
public final class Product implements AutoCloseable {
  private static final int TAG_ANY = 1;
  private static final int QUERY_NAME = 8;
  private static final int QUERY_WEIGHTS = 131;
  private static final int SOURCE = 1;
  private static final int DESTINATION = 17;
  private static final int WEIGHTS = 33;
  private static final int SCALES = 4096;
  private static final int ZERO_POINTS = 8192;
  private static final int STRICT = 0;
  private static final int ROUND_TO_BF16 = 1;
  private static final int PER_ROW = 2;
  private static final int PER_GROUP = 3;
  private static final int MAX_DIMENSIONS = 12;

  private final OneDnn library;
  private final Symbols symbols;
  private final Way way;
  private final int tokens;
  private final int rows;
  private final int columns;
  private final Arena arena = Arena.ofShared();
  private final List<Runnable> frees = new ArrayList<>();
  private final MemorySegment primitive;
  private final MemorySegment weightsLayout;
  private final String implementation;
  private final MemorySegment x;
  private final MemorySegment out;
  private final MemorySegment scales;
  private final List<Argument> fixed = new ArrayList<>();

  private record Argument(int number, MemorySegment memory) {}

  /**
   * A weight in the library's layout, and the arguments that the product takes with it.
   *
   * @param arguments of the primitive
   */
  public record Weights(MemorySegment arguments, int count) {}

  private Product(OneDnn library, Way way, int tokens, int rows, int columns) {
    this.library = library;
    this.way = way;
    this.tokens = tokens;
    this.rows = rows;
    this.columns = columns;
    symbols = library.symbols();
    library.takeThreads();
    x = allocate(way.source().bytes((long) tokens * columns));
    out = allocate(4L * tokens * rows);
    scales = allocate(4L * rows);
    for (int row = 0; row < rows; row++) {
      scales.setAtIndex(JAVA_FLOAT, row, 1);
    }
    MemorySegment source = plain(way.source(), tokens, columns, columns, 1);
    MemorySegment destination = plain(NumberType.F32, tokens, rows, rows, 1);
    MemorySegment attributes = owned("primitive_attr", "dnnl_primitive_attr_create");
    fixed.add(new Argument(SOURCE, memory(source, x)));
    fixed.add(new Argument(DESTINATION, memory(destination, out)));
    setAttributes(attributes);
    MemorySegment description =
        owned(
            "primitive_desc",
            "dnnl_matmul_primitive_desc_create",
            library.engine(),
            source,
            anyLayout(),
            MemorySegment.NULL,
            destination,
            attributes);
    weightsLayout =
        symbols.address("dnnl_primitive_desc_query_md", 0, description, QUERY_WEIGHTS, 0);
    MemorySegment name = arena.allocate(ADDRESS);
    symbols.call("dnnl_primitive_desc_query", description, QUERY_NAME, 0, name);
    implementation = Symbols.text(name);
    primitive = owned("primitive", "dnnl_primitive_create", description);
  }

  /**
   * Prepares a product.
   *
   * @return empty where the library cannot do it this way on this processor
   */
  public static Optional<Product> prepare(
      OneDnn library, Way way, int tokens, int rows, int columns) {
    if (way.weights() == NumberType.U4 && columns % Way.INT4_GROUP != 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Product(library, way, tokens, rows, columns));
    } catch (Symbols.Refused e) {
      return Optional.empty();
    }
  }

  private void setAttributes(MemorySegment attributes) {
    boolean wide = way.weights() == NumberType.F32 || way.weights() == NumberType.BF16;
    if (way.roundable()) {
      int mode = way.source() == NumberType.F32 && !wide ? STRICT : ROUND_TO_BF16;
      symbols.call("dnnl_primitive_attr_set_fpmath_mode_v2", attributes, mode, wide ? 0 : 1);
    }
    if (wide) {
      return;
    }
    if (way.weights() == NumberType.U4) {
      groups(attributes, "dnnl_primitive_attr_set_scales", NumberType.F32, SCALES);
      groups(attributes, "dnnl_primitive_attr_set_zero_points", NumberType.U8, ZERO_POINTS);
      return;
    }
    symbols.call("dnnl_primitive_attr_set_scales_mask", attributes, WEIGHTS, PER_ROW);
    fixed.add(new Argument(SCALES | WEIGHTS, memory(vector(rows), scales)));
  }

  private void groups(MemorySegment attributes, String function, NumberType type, int argument) {
    int groups = columns / Way.INT4_GROUP;
    MemorySegment values = allocate(type.bytes((long) groups * rows));
    for (long i = 0; i < (long) groups * rows; i++) {
      if (type == NumberType.F32) {
        values.setAtIndex(JAVA_FLOAT, i, 1);
      } else {
        values.set(JAVA_BYTE, i, (byte) 8);
      }
    }
    symbols.call(
        function, attributes, WEIGHTS, PER_GROUP, 2, dimensions(Way.INT4_GROUP, 1), type.code());
    fixed.add(new Argument(argument | WEIGHTS, memory(plain(type, groups, rows, rows, 1), values)));
  }

  private MemorySegment allocate(long bytes) {
    return arena.allocate(Math.max(64, bytes), 64);
  }

  private MemorySegment owned(String kind, String function, Object... args) {
    MemorySegment object = symbols.create(function, args);
    frees.add(() -> symbols.destroy("dnnl_" + kind + "_destroy", object));
    return object;
  }

  private MemorySegment dimensions(long... sizes) {
    MemorySegment dimensions = arena.allocate(JAVA_LONG, MAX_DIMENSIONS);
    for (int i = 0; i < sizes.length; i++) {
      dimensions.setAtIndex(JAVA_LONG, i, sizes[i]);
    }
    return dimensions;
  }

  private MemorySegment plain(NumberType type, long n, long m, long stepN, long stepM) {
    return owned(
        "memory_desc",
        "dnnl_memory_desc_create_with_strides",
        2,
        dimensions(n, m),
        type.code(),
        dimensions(stepN, stepM));
  }

  private MemorySegment vector(long n) {
    return owned(
        "memory_desc",
        "dnnl_memory_desc_create_with_strides",
        1,
        dimensions(n),
        NumberType.F32.code(),
        dimensions(1));
  }

  private MemorySegment anyLayout() {
    return owned(
        "memory_desc",
        "dnnl_memory_desc_create_with_tag",
        2,
        dimensions(columns, rows),
        way.weights().code(),
        TAG_ANY);
  }

  private MemorySegment memory(MemorySegment layout, MemorySegment data) {
    return owned("memory", "dnnl_memory_create", layout, library.engine(), data);
  }

  /** What computes, in the library's words: {@code bf16:bf16:f32 brg_matmul:avx10_1_512_amx}. */
  public String description() {
    return way + " " + implementation;
  }

  /** Whether the library has no optimized code for this and computes with plain loops. */
  public boolean slow() {
    return implementation.startsWith("ref");
  }

  /** Bytes of a weight in the library's layout. */
  public long weightBytes() {
    return symbols.size("dnnl_memory_desc_get_size", weightsLayout);
  }

  /**
   * Brings a weight into the library's layout.
   *
   * @param stored {@code (rows, columns)}, row by row
   */
  public Weights weights(NumberType type, MemorySegment stored) {
    MemorySegment plain = plain(type, columns, rows, 1, columns);
    MemorySegment from = memory(plain, stored);
    MemorySegment to = memory(weightsLayout, allocate(weightBytes()));
    MemorySegment description =
        owned(
            "primitive_desc",
            "dnnl_reorder_primitive_desc_create",
            plain,
            library.engine(),
            weightsLayout,
            library.engine(),
            MemorySegment.NULL);
    MemorySegment reorder = owned("primitive", "dnnl_primitive_create", description);
    library.takeThreads();
    symbols.execute(
        reorder,
        library.stream(),
        2,
        arguments(List.of(new Argument(SOURCE, from), new Argument(DESTINATION, to))));
    return withWeight(to);
  }

  /** A weight of random bits; for integers, of which all bits are numbers. */
  public Weights randomWeights(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    MemorySegment data = allocate(weightBytes());
    for (long i = 0; i < data.byteSize() / 8; i++) {
      data.setAtIndex(JAVA_LONG, i, random.nextLong());
    }
    return withWeight(memory(weightsLayout, data));
  }

  private Weights withWeight(MemorySegment weight) {
    List<Argument> all = new ArrayList<>(fixed);
    all.add(new Argument(WEIGHTS, weight));
    return new Weights(arguments(all), all.size());
  }

  /** An array of {@code dnnl_exec_arg_t}. */
  private MemorySegment arguments(List<Argument> list) {
    MemorySegment array = arena.allocate(16L * list.size(), 8);
    for (int i = 0; i < list.size(); i++) {
      array.set(JAVA_INT, 16L * i, list.get(i).number());
      array.set(ADDRESS, 16L * i + 8, list.get(i).memory());
    }
    return array;
  }

  /** Scales of the rows of a weight of eight bits. */
  public void scales(float[] ofRows) {
    MemorySegment.copy(ofRows, 0, scales, JAVA_FLOAT, 0, rows);
  }

  /**
   * The activations.
   *
   * @param values {@code (tokens, columns)}, rounded to the source's format; whole numbers from 0
   *     to 127 where that is an integer
   */
  public void source(float[] values) {
    for (int i = 0; i < tokens * columns; i++) {
      switch (way.source()) {
        case F32 -> x.setAtIndex(JAVA_FLOAT, i, values[i]);
        case BF16 -> {
          int bits = Float.floatToRawIntBits(values[i]);
          x.setAtIndex(JAVA_SHORT, i, (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16));
        }
        case S8, U8 -> x.set(JAVA_BYTE, i, (byte) Math.rint(values[i]));
        case U4 -> throw new IllegalStateException("activations of four bits");
      }
    }
  }

  /** Computes the product; returns when it is done. */
  public void run(Weights weights) {
    library.takeThreads();
    symbols.execute(primitive, library.stream(), weights.count(), weights.arguments());
  }

  /** The last product, {@code (tokens, rows)}. */
  public float[] read() {
    float[] values = new float[tokens * rows];
    MemorySegment.copy(out, JAVA_FLOAT, 0, values, 0, values.length);
    return values;
  }

  @Override
  public void close() {
    for (Runnable free : frees.reversed()) {
      free.run();
    }
    frees.clear();
    arena.close();
  }
}

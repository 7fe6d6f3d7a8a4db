package org.vesalius.runtime.layers;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.DType;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.loader.StoredTensor;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.WeightFormat;

/**
 * Reads the tensors of a checkpoint under a name prefix as what layers compute with: the only
 * translator from stored types to computed types. Every shape is checked against the configuration,
 * and what nobody read can be listed, so that a tensor that a model has and this code ignores is
 * found instead of giving a quietly wrong answer.
 */
public final class WeightReader {
  private final Checkpoint checkpoint;
  private final Kernels kernels;
  private final WeightPlan plan;
  private final MatrixRole role;
  private final String prefix;
  private final Set<String> read;

  /** A reader of the whole checkpoint, whose matrices are {@link MatrixRole#PLAIN}. */
  public WeightReader(Checkpoint checkpoint, Kernels kernels, WeightPlan plan) {
    this(checkpoint, kernels, plan, MatrixRole.PLAIN, "", new HashSet<>());
  }

  private WeightReader(
      Checkpoint checkpoint,
      Kernels kernels,
      WeightPlan plan,
      MatrixRole role,
      String prefix,
      Set<String> read) {
    this.checkpoint = checkpoint;
    this.kernels = kernels;
    this.plan = plan;
    this.role = role;
    this.prefix = prefix;
    this.read = read;
  }

  /** A reader of matrices of a role. */
  public WeightReader as(MatrixRole newRole) {
    return new WeightReader(checkpoint, kernels, plan, newRole, prefix, read);
  }

  /** A reader that places what it reads in the memory of other kernels. */
  public WeightReader on(Kernels others) {
    return others == kernels
        ? this
        : new WeightReader(checkpoint, others, plan, role, prefix, read);
  }

  /** A reader of the names that go on with {@code name} and a dot. */
  public WeightReader at(String name) {
    return name.isEmpty()
        ? this
        : new WeightReader(checkpoint, kernels, plan, role, prefix + name + ".", read);
  }

  /** A reader of the {@code index}-th entry of a numbered list. */
  public WeightReader at(String name, int index) {
    return at(name + "." + index);
  }

  /**
   * The first of several prefixes under which {@code probe} exists, for checkpoints whose writers
   * named things differently.
   *
   * @throws ModelFormatException if none has it
   */
  public WeightReader atFirstWith(String probe, List<String> names) {
    for (String name : names) {
      WeightReader candidate = at(name);
      if (candidate.has(probe)) {
        return candidate;
      }
    }
    throw new ModelFormatException(
        "checkpoint: expected a tensor \""
            + probe
            + "\" under one of the prefixes "
            + names
            + ", found none; the tensor names are not those of this model family");
  }

  /** Whether the tensor exists. */
  public boolean has(String name) {
    return checkpoint.contains(prefix + name);
  }

  /**
   * The matrix {@code name} of {@code rows} outputs and {@code columns} inputs; further dimensions
   * are inputs too.
   */
  public Weight weight(String name, int rows, int columns, long... innerShape) {
    if (quantized()) {
      return integers(name, 0, rows, columns).getFirst();
    }
    long[] expected =
        innerShape.length == 0 ? new long[] {rows, columns} : concat(rows, innerShape);
    StoredTensor stored = stored(name, expected);
    return converted(stored, typed(stored, stored.data(), rows, columns));
  }

  /** The matrix {@code name} of {@code rows} outputs that is stored with a row per input. */
  public Weight transposed(String name, int rows, int columns) {
    StoredTensor stored = stored(name, columns, rows);
    return converted(stored, new Weight.Transposed(typed(stored, stored.data(), columns, rows)));
  }

  /**
   * The matrices of several networks that are stored as one tensor {@code (count, rows, columns)},
   * or {@code (count, columns, rows)} if {@code transposed}. Quantized ones never are.
   */
  public List<Weight> stacked(String name, int count, int rows, int columns, boolean transposed) {
    if (quantized()) {
      return integers(name, count, rows, columns);
    }
    int outer = transposed ? columns : rows;
    int inner = transposed ? rows : columns;
    StoredTensor stored = stored(name, count, outer, inner);
    long bytes = stored.data().byteSize() / count;
    List<Weight> weights = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Weight weight = typed(stored, stored.data().asSlice(i * bytes, bytes), outer, inner);
      weights.add(converted(stored, transposed ? new Weight.Transposed(weight) : weight));
    }
    return List.copyOf(weights);
  }

  private boolean quantized() {
    return role != MatrixRole.PLAIN && plan.stored().isPresent();
  }

  private List<Weight> integers(String name, int count, int rows, int columns) {
    WeightFormat format = role.format(plan.stored().orElseThrow().format());
    return IntegerTensors.read(checkpoint, prefix + name, format, count, rows, columns, read)
        .stream()
        .map(kernels::place)
        .toList();
  }

  private Weight converted(StoredTensor stored, Weight weight) {
    return kernels.place(
        role == MatrixRole.PLAIN ? weight : plan.conversion().convert(stored.name(), role, weight));
  }

  private static Weight typed(StoredTensor stored, MemorySegment data, int rows, int columns) {
    return switch (stored.dtype()) {
      case F32 -> new Weight.F32(data, rows, columns);
      case F16 -> new Weight.F16(data, rows, columns);
      case BF16 -> new Weight.BF16(data, rows, columns);
      default -> throw unsupported(stored);
    };
  }

  /** Whether the tensor exists and has this shape. */
  public boolean hasShape(String name, long... shape) {
    return has(name)
        && checkpoint.tensor(prefix + name).shape().equals(Arrays.stream(shape).boxed().toList());
  }

  /** The vector {@code name}, widened to single precision. */
  public Tensor vector(String name, int length) {
    return vector(name, length, 0);
  }

  /** The matrix {@code name}, widened to single precision, for other uses than a product. */
  public Tensor matrix(String name, int rows, int columns) {
    Tensor tensor = kernels.allocate(ElementType.F32, rows, columns);
    kernels.write(tensor, numbers(stored(name, rows, columns), rows * columns, 0));
    return tensor;
  }

  private Tensor vector(String name, int length, float offset) {
    return vector(kernels, numbers(stored(name, length), length, offset));
  }

  private static float[] numbers(StoredTensor stored, int length, float offset) {
    float[] values = single(stored, length);
    for (int i = 0; i < length; i++) {
      values[i] += offset;
    }
    return values;
  }

  /** Copied as a whole first: access by element is slow before the JVM has compiled it. */
  private static float[] single(StoredTensor stored, int length) {
    MemorySegment data = stored.data();
    if (stored.dtype() == DType.F32) {
      return data.asSlice(0, 4L * length).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
    boolean brain = stored.dtype() == DType.BF16;
    if (!brain && stored.dtype() != DType.F16) {
      throw unsupported(stored);
    }
    short[] halves = data.asSlice(0, 2L * length).toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = brain ? Float.intBitsToFloat(halves[i] << 16) : Float.float16ToFloat(halves[i]);
    }
    return values;
  }

  /** A vector of numbers that are computed, not stored. */
  public static Tensor vector(Kernels kernels, float[] values) {
    Tensor tensor = kernels.allocate(ElementType.F32, 1, values.length);
    kernels.write(tensor, values);
    return tensor;
  }

  /** A vector of integers that are computed, not stored. */
  public static Tensor vector(Kernels kernels, int[] values) {
    Tensor tensor = kernels.allocate(ElementType.I32, 1, values.length);
    kernels.write(tensor, values);
    return tensor;
  }

  /** {@code name.weight} and, if asked for, {@code name.bias}. */
  public Linear linear(String name, int rows, int columns, boolean bias) {
    return new Linear(
        weight(name + ".weight", rows, columns), bias ? vector(name + ".bias", rows) : null);
  }

  /** {@code name.weight} as the gain of a norm. */
  public RmsNorm rmsNorm(String name, int width, float epsilon) {
    return new RmsNorm(vector(name + ".weight", width), epsilon);
  }

  /** {@code name.weight} plus {@code offset} as the gain of a norm. */
  public RmsNorm rmsNorm(String name, int width, float epsilon, float offset) {
    return new RmsNorm(vector(name + ".weight", width, offset), epsilon);
  }

  /** {@code name.weight} and {@code name.bias} as gain and bias of a norm. */
  public LayerNorm layerNorm(String name, int width, float epsilon) {
    return new LayerNorm(vector(name + ".weight", width), vector(name + ".bias", width), epsilon);
  }

  /**
   * Refuses tensors that nobody has read.
   *
   * @param mayBeIgnored names that are known to change nothing
   * @throws UnsupportedModelException naming the first ones
   */
  public void requireAllRead(Predicate<String> mayBeIgnored) {
    Set<String> unread = new TreeSet<>();
    for (String name : checkpoint.names()) {
      if (!read.contains(name) && !mayBeIgnored.test(name)) {
        unread.add(name);
      }
    }
    if (!unread.isEmpty()) {
      throw new UnsupportedModelException(
          "checkpoint: "
              + unread.size()
              + " tensors have no place in this model family, such as \""
              + unread.iterator().next()
              + "\"; running without them would give wrong answers");
    }
  }

  private StoredTensor stored(String name, long... expected) {
    StoredTensor tensor = checkpoint.tensor(prefix + name);
    List<Long> shape = Arrays.stream(expected).boxed().toList();
    if (!tensor.shape().equals(shape)) {
      throw ModelFormatException.of(
          tensor.file(),
          "tensor \"" + tensor.name() + "\"",
          "shape " + shape + " from config.json",
          tensor.shape().toString());
    }
    read.add(tensor.name());
    return tensor;
  }

  private static UnsupportedModelException unsupported(StoredTensor stored) {
    return new UnsupportedModelException(
        stored.file()
            + ": tensor \""
            + stored.name()
            + "\": weights of type "
            + stored.dtype()
            + " are not supported; supported are F32, F16 and BF16");
  }

  private static long[] concat(long first, long[] rest) {
    long[] all = new long[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }
}

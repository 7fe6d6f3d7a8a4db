package org.vesalius.kernels.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Products of numbers in E4M3 by cuBLASLt, the library under cuBLAS, of version 12 or 13, by the
 * Foreign Function and Memory API: JCuda has no binding of it. From compute capability 9.0 on it
 * reaches units that no instruction of a single warp reaches.
 *
 * <p>Sums are not scaled here: a scale for each row of both factors is more than every version of
 * the library takes. They are summed in F32 from parts that the units sum in fewer bits; the
 * library's fast mode, which leaves all to the units, stays off.
 *
 * @see <a href="https://docs.nvidia.com/cuda/cublas/#cublasltmatmul">cublasLtMatmul</a>, whose
 *     requirements for FP8 decide what can be multiplied
 */
final class LightProducts implements AutoCloseable {
  /** Compute capability, times 10, from which on no kernel of ours reaches the units. */
  private static final int FIRST_DEVICE = 90;

  /** Bytes that an algorithm may take beside, as the library's documentation advises for 9.0. */
  private static final int WORKSPACE = 32 << 20;

  /** Of addresses, rows and columns, in bytes. */
  private static final int ALIGNMENT = 16;

  /** Shapes whose algorithms are kept. */
  private static final int MOST_PLANS = 512;

  /**
   * {@code cublasStatus_t} of what this device or this library has no algorithm for: which of them
   * is answered for the same matrices depends on the version.
   */
  private static final Set<Integer> NOT_POSSIBLE = Set.of(7, 8, 15);

  /** {@code cudaDataType} of E4M3. */
  private static final int E4M3 = 28;

  /** {@code cudaDataType} of F32. */
  private static final int F32 = 0;

  /** {@code cublasComputeType_t}: 32F. */
  private static final int COMPUTE_F32 = 68;

  /** {@code cublasLtMatmulDescAttributes_t}: TRANSA. */
  private static final int TRANSPOSE_FIRST = 3;

  /** {@code cublasLtMatmulPreferenceAttributes_t}: MAX_WORKSPACE_BYTES. */
  private static final int PREFER_WORKSPACE = 1;

  /** MIN_ALIGNMENT_A_BYTES, and those of B, C and D behind it. */
  private static final int PREFER_ALIGNMENT = 5;

  /** {@code cublasLtMatmulAlgo_t}. */
  private static final MemoryLayout ALGORITHM = MemoryLayout.sequenceLayout(8, JAVA_LONG);

  /** {@code cublasLtMatmulHeuristicResult_t}. */
  private static final MemoryLayout RESULT =
      MemoryLayout.structLayout(
          ALGORITHM.withName("algo"),
          JAVA_LONG.withName("workspaceSize"),
          JAVA_INT.withName("state"),
          JAVA_FLOAT.withName("wavesCount"),
          MemoryLayout.sequenceLayout(4, JAVA_INT).withName("reserved"));

  private static final long WORKSPACE_OF_RESULT = offset("workspaceSize");
  private static final long STATE_OF_RESULT = offset("state");

  private static long offset(String part) {
    return RESULT.byteOffset(MemoryLayout.PathElement.groupElement(part));
  }

  /** What an algorithm is chosen for. */
  private record Shape(int tokens, int rows, int columns, int xStride, int outStride) {}

  /**
   * How matrices of a shape are multiplied.
   *
   * @param memory holds the algorithm
   * @param algorithm null if the library has none
   * @param workspace bytes that it takes beside
   */
  private record Plan(
      Arena memory,
      @Nullable MemorySegment algorithm,
      long workspace,
      long weight,
      long x,
      long out) {

    Plan without() {
      return new Plan(memory, null, 0, weight, x, out);
    }
  }

  private final Device device;
  private final long workspace;
  private final Map<Shape, Plan> plans = new LinkedHashMap<>(16, 0.75f, true);
  private final Deque<Runnable> opened = new ArrayDeque<>();
  private final ForeignFunctions functions;
  private final MethodHandle createLayout;
  private final MethodHandle destroyLayout;
  private final MethodHandle choose;
  private final MethodHandle multiply;
  private final long handle;
  private final long description;
  private final long preference;
  private final MemorySegment factors;
  private long products;

  private LightProducts(Device device, DeviceMemory memory, SymbolLookup symbols) {
    this.device = device;
    functions = new ForeignFunctions("cuBLASLt", symbols);
    try {
      Arena arena = Arena.ofShared();
      opened.push(arena::close);
      factors = arena.allocateFrom(JAVA_FLOAT, 1, 0);
      createLayout =
          functions.bind(
              "cublasLtMatrixLayoutCreate", ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
      destroyLayout = functions.bind("cublasLtMatrixLayoutDestroy", JAVA_LONG);
      choose =
          functions.bind(
              "cublasLtMatmulAlgoGetHeuristic",
              JAVA_LONG,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_INT,
              ADDRESS,
              ADDRESS);
      multiply =
          functions.bind(
              "cublasLtMatmul",
              JAVA_LONG,
              JAVA_LONG,
              ADDRESS,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_LONG,
              ADDRESS,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_LONG,
              ADDRESS,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_LONG);
      MethodHandle create = functions.bind("cublasLtCreate", ADDRESS);
      handle = kept("cublasLtCreate", "cublasLtDestroy", place -> (int) create.invokeExact(place));
      MethodHandle describe =
          functions.bind("cublasLtMatmulDescCreate", ADDRESS, JAVA_INT, JAVA_INT);
      description =
          kept(
              "cublasLtMatmulDescCreate",
              "cublasLtMatmulDescDestroy",
              place -> (int) describe.invokeExact(place, COMPUTE_F32, F32));
      MethodHandle prefer = functions.bind("cublasLtMatmulPreferenceCreate", ADDRESS);
      preference =
          kept(
              "cublasLtMatmulPreferenceCreate",
              "cublasLtMatmulPreferenceDestroy",
              place -> (int) prefer.invokeExact(place));
      MemorySegment transposed = arena.allocateFrom(JAVA_INT, 1);
      set("cublasLtMatmulDescSetAttribute", description, TRANSPOSE_FIRST, transposed);
      MemorySegment most = arena.allocateFrom(JAVA_LONG, WORKSPACE);
      set("cublasLtMatmulPreferenceSetAttribute", preference, PREFER_WORKSPACE, most);
      MemorySegment alignment = arena.allocateFrom(JAVA_INT, ALIGNMENT);
      for (int matrix = 0; matrix < 4; matrix++) {
        set(
            "cublasLtMatmulPreferenceSetAttribute",
            preference,
            PREFER_ALIGNMENT + matrix,
            alignment);
      }
      // Now, because there may be no room later; and what moves could not be kept by recorded
      // steps.
      workspace = memory.allocate(WORKSPACE, "cuBLASLt").address();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Opens the library for a device that it is good for.
   *
   * @return nothing for other devices
   * @throws DeviceException if it is not there, or fails
   */
  static Optional<LightProducts> open(Device device, DeviceMemory memory) {
    Probe.Found found = device.found();
    if (found.capability() < FIRST_DEVICE) {
      return Optional.empty();
    }
    SharedLibrary library =
        found
            .blas()
            .light()
            .orElseThrow(() ->
                new DeviceException(
                    PackedLibraries.needed(found.blas().major()) + " not found", null));
    return Optional.of(new LightProducts(device, memory, library.symbols()));
  }

  /** How many products it has made. */
  long products() {
    return products;
  }

  /** What lives as long as this. */
  private long kept(String function, String destroying, ForeignFunctions.Making making) {
    MethodHandle destroy = functions.bind(destroying, JAVA_LONG);
    long object = ForeignFunctions.made(function, making);
    opened.push(() -> ForeignFunctions.status(destroying, () -> (int) destroy.invokeExact(object)));
    return object;
  }

  private void set(String function, long object, int attribute, MemorySegment value) {
    MethodHandle set = functions.bind(function, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    ForeignFunctions.check(
        function, () -> (int) set.invokeExact(object, attribute, value, value.byteSize()));
  }

  private long layout(int type, long rows, long columns, long stride) {
    return ForeignFunctions.made(
        "cublasLtMatrixLayoutCreate",
        place -> (int) createLayout.invokeExact(place, type, rows, columns, stride));
  }

  /**
   * {@code out = x * weightᵀ} in the device's queue, if the library can.
   *
   * @param out address of {@code (tokens, rows)} F32
   * @param outStride elements between its rows
   * @param x address of {@code (tokens, columns)} E4M3
   * @param xStride elements between its rows
   * @param weight address of {@code (rows, columns)} E4M3, contiguous
   * @return false if it has no algorithm for such matrices; nothing was done then
   */
  boolean multiply(
      long out,
      int outStride,
      long x,
      int xStride,
      long weight,
      int tokens,
      int rows,
      int columns) {
    if ((out | x | weight | rows | columns | xStride | (long) Float.BYTES * outStride) % ALIGNMENT
        != 0) {
      return false;
    }
    Shape shape = new Shape(tokens, rows, columns, xStride, outStride);
    Plan known = plans.get(shape);
    Plan plan = known == null ? plan(shape) : known;
    MemorySegment algorithm = plan.algorithm;
    if (algorithm == null) {
      return false;
    }
    MemorySegment one = factors;
    MemorySegment zero = factors.asSlice(Float.BYTES);
    long stream = device.stream().handle();
    String function = "cublasLtMatmul";
    int status =
        ForeignFunctions.status(
            function,
            () ->
                (int)
                    multiply.invokeExact(
                        handle,
                        description,
                        one,
                        weight,
                        plan.weight,
                        x,
                        plan.x,
                        zero,
                        out,
                        plan.out,
                        out,
                        plan.out,
                        algorithm,
                        workspace,
                        plan.workspace,
                        stream));
    if (NOT_POSSIBLE.contains(status)) {
      plans.put(shape, plan.without());
      return false;
    }
    ForeignFunctions.check(function, status);
    products++;
    device.queued(function, "a product of cuBLASLt", 0);
    return true;
  }

  /** Column by column, as the library counts, out is (rows, tokens) and x is (columns, tokens). */
  private Plan plan(Shape shape) {
    if (plans.size() == MOST_PLANS) {
      Shape oldest = plans.keySet().iterator().next();
      free(plans.remove(oldest));
    }
    Arena memory = Arena.ofShared();
    long[] layouts = new long[3];
    try {
      layouts[0] = layout(E4M3, shape.columns, shape.rows, shape.columns);
      layouts[1] = layout(E4M3, shape.columns, shape.tokens, shape.xStride);
      layouts[2] = layout(F32, shape.rows, shape.tokens, shape.outStride);
      MemorySegment result = memory.allocate(RESULT);
      MemorySegment count = memory.allocate(JAVA_INT);
      String function = "cublasLtMatmulAlgoGetHeuristic";
      int status =
          ForeignFunctions.status(
              function,
              () ->
                  (int)
                      choose.invokeExact(
                          handle,
                          description,
                          layouts[0],
                          layouts[1],
                          layouts[2],
                          layouts[2],
                          preference,
                          1,
                          result,
                          count));
      boolean none = NOT_POSSIBLE.contains(status);
      if (!none) {
        ForeignFunctions.check(function, status);
        none = count.get(JAVA_INT, 0) == 0 || result.get(JAVA_INT, STATE_OF_RESULT) != 0;
      }
      Plan plan =
          new Plan(
              memory,
              none ? null : result.asSlice(0, ALGORITHM.byteSize()),
              none ? 0 : result.get(JAVA_LONG, WORKSPACE_OF_RESULT),
              layouts[0],
              layouts[1],
              layouts[2]);
      plans.put(shape, plan);
      return plan;
    } catch (RuntimeException | Error e) {
      free(new Plan(memory, null, 0, layouts[0], layouts[1], layouts[2]));
      throw e;
    }
  }

  private void free(@Nullable Plan plan) {
    if (plan == null) {
      return;
    }
    for (long layout : new long[] {plan.weight, plan.x, plan.out}) {
      if (layout != 0) {
        int ignored =
            ForeignFunctions.status(
                "cublasLtMatrixLayoutDestroy", () -> (int) destroyLayout.invokeExact(layout));
        assert ignored >= 0;
      }
    }
    plan.memory.close();
  }

  /** Gives everything back but the workspace, which is the device memory's. Idempotent. */
  @Override
  public void close() {
    plans.values().forEach(this::free);
    plans.clear();
    while (!opened.isEmpty()) {
      opened.pop().run();
    }
  }
}

package org.vesalius.nativekernels;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The functions of {@code vesalius.h}, one method each, with addresses as numbers. Touched only
 * when {@link LoadedLibrary} has found the library fit.
 *
 * <p>Addresses and not segments, because a call with a segment counts it as used for its time,
 * which many threads doing the same to one segment makes slow; callers check that memory is alive
 * by {@link Addresses}.
 */
@SuppressWarnings("restricted")
final class NativeLibrary {
  private static final MemoryLayout ADDRESS = JAVA_LONG;
  private static final SymbolLookup SYMBOLS = LoadedLibrary.symbols();

  private static final MethodHandle ROUNDING_OF =
      handle("rounding_of", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle PRODUCT_SCRATCH =
      handle("product_scratch", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
  private static final MethodHandle PREPARE_GRAIN =
      handle("prepare_grain", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
  private static final MethodHandle PREPARED_BYTES =
      handle("prepared_bytes", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG));
  private static final MethodHandle PREPARE = handle("prepare", voids("aalalll"));
  private static final MethodHandle MULTIPLY_GRAIN =
      handle("multiply_grain", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
  private static final MethodHandle MULTIPLY = handle("multiply", voids("aalalalla"));
  private static final MethodHandle EMBED = handle("embed", voids("alaall"));
  private static final MethodHandle MIX_ROWS = handle("mix_rows", voids("alalalalllll"));
  private static final MethodHandle ADD_ROWS = handle("add_rows", voids("alalalll"));
  private static final MethodHandle RMS_NORM = handle("rms_norm", voids("alalalaflll"));
  private static final MethodHandle LAYER_NORM = handle("layer_norm", voids("alalaaflll"));
  private static final MethodHandle SCALE = handle("scale", voids("alflll"));
  private static final MethodHandle ACTIVATE = handle("activate", voids("alalilll"));
  private static final MethodHandle ROTARY_TABLE = handle("rotary_table", voids("alalalaaflll"));
  private static final MethodHandle ROTATE = handle("rotate", voids("alllafalalll"));
  private static final MethodHandle STORE = handle("store", voids("aialall"));
  private static final MethodHandle ATTENTION_ROUNDING =
      handle("attention_rounding", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle ATTENTION_SCRATCH =
      handle("attention_scratch", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle ATTENTION_ROWS =
      handle("attention_rows", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
  private static final MethodHandle ATTENTION_SPLIT =
      handle("attention_split", FunctionDescriptor.of(JAVA_LONG));
  private static final MethodHandle ATTENTION = handle("attention", voids("aaa"));
  private static final MethodHandle ATTENTION_COMBINE =
      handle("attention_combine", voids("allallll"));
  private static final MethodHandle READ_MEMORY =
      handle("read_memory", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG));
  private static final MethodHandle COMPUTE =
      handle("compute", FunctionDescriptor.of(JAVA_DOUBLE, JAVA_INT, JAVA_LONG, ADDRESS));

  private NativeLibrary() {}

  /** Binds the functions now, where that has not been done; otherwise the first call does. */
  static void bind() {
    // The class's initialiser has done it.
  }

  /** A function without a result: {@code a} an address, {@code l}, {@code i}, {@code f} numbers. */
  private static FunctionDescriptor voids(String arguments) {
    MemoryLayout[] layouts = new MemoryLayout[arguments.length()];
    for (int i = 0; i < layouts.length; i++) {
      layouts[i] =
          switch (arguments.charAt(i)) {
            case 'a' -> ADDRESS;
            case 'l' -> JAVA_LONG;
            case 'i' -> JAVA_INT;
            default -> JAVA_FLOAT;
          };
    }
    return FunctionDescriptor.ofVoid(layouts);
  }

  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker()
        .downcallHandle(SYMBOLS.findOrThrow("vesalius_" + name), descriptor);
  }

  /** What a downcall throws; native functions throw nothing. */
  private static AssertionError unexpected(Throwable e) {
    return new AssertionError("a native call failed", e);
  }

  static int roundingOf(int format, int transposed) {
    try {
      return (int) ROUNDING_OF.invokeExact(format, transposed);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long productScratch(long weight) {
    try {
      return (long) PRODUCT_SCRATCH.invokeExact(weight);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long prepareGrain(long weight) {
    try {
      return (long) PREPARE_GRAIN.invokeExact(weight);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long preparedBytes(long weight, long tokens) {
    try {
      return (long) PREPARED_BYTES.invokeExact(weight, tokens);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void prepare(
      long weight, long prepared, long tokens, long x, long xStride, long from, long to) {
    try {
      PREPARE.invokeExact(weight, prepared, tokens, x, xStride, from, to);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long multiplyGrain(long weight) {
    try {
      return (long) MULTIPLY_GRAIN.invokeExact(weight);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void multiply(
      long weight,
      long out,
      long outStride,
      long prepared,
      long tokens,
      long bias,
      long from,
      long to,
      long scratch) {
    try {
      MULTIPLY.invokeExact(weight, out, outStride, prepared, tokens, bias, from, to, scratch);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void embed(long out, long outStride, long table, long ids, long from, long to) {
    try {
      EMBED.invokeExact(out, outStride, table, ids, from, to);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void mixRows(
      long out,
      long outStride,
      long x,
      long xStride,
      long index,
      long indexStride,
      long shares,
      long sharesStride,
      long parts,
      long width,
      long from,
      long to) {
    try {
      MIX_ROWS.invokeExact(
          out,
          outStride,
          x,
          xStride,
          index,
          indexStride,
          shares,
          sharesStride,
          parts,
          width,
          from,
          to);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void addRows(
      long out, long outStride, long x, long xStride, long index, long width, long from, long to) {
    try {
      ADD_ROWS.invokeExact(out, outStride, x, xStride, index, width, from, to);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void rmsNorm(
      long out,
      long outStride,
      long x,
      long xStride,
      long delta,
      long deltaStride,
      long gain,
      float epsilon,
      long width,
      long from,
      long to) {
    try {
      RMS_NORM.invokeExact(
          out, outStride, x, xStride, delta, deltaStride, gain, epsilon, width, from, to);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void layerNorm(
      long out,
      long outStride,
      long x,
      long xStride,
      long gain,
      long bias,
      float epsilon,
      long width,
      long from,
      long to) {
    try {
      LAYER_NORM.invokeExact(out, outStride, x, xStride, gain, bias, epsilon, width, from, to);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void scale(long x, long xStride, float factor, long width, long from, long to) {
    try {
      SCALE.invokeExact(x, xStride, factor, width, from, to);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void activate(
      long gate,
      long gateStride,
      long up,
      long upStride,
      int activation,
      long width,
      long from,
      long to) {
    try {
      ACTIVATE.invokeExact(gate, gateStride, up, upStride, activation, width, from, to);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void rotaryTable(
      long cos,
      long cosStride,
      long sin,
      long sinStride,
      long positions,
      long positionsStride,
      long inverseFrequencies,
      long axis,
      float scaling,
      long pairs,
      long from,
      long to) {
    try {
      ROTARY_TABLE.invokeExact(
          cos,
          cosStride,
          sin,
          sinStride,
          positions,
          positionsStride,
          inverseFrequencies,
          axis,
          scaling,
          pairs,
          from,
          to);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void rotate(
      long x,
      long xStride,
      long heads,
      long headSize,
      long gain,
      float epsilon,
      long cos,
      long cosStride,
      long sin,
      long sinStride,
      long from,
      long to) {
    try {
      ROTATE.invokeExact(
          x, xStride, heads, headSize, gain, epsilon, cos, cosStride, sin, sinStride, from, to);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void store(long cache, int value, long x, long xStride, long slots, long from, long to) {
    try {
      STORE.invokeExact(cache, value, x, xStride, slots, from, to);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int attentionRounding(int format, int paged) {
    try {
      return (int) ATTENTION_ROUNDING.invokeExact(format, paged);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long attentionScratch(long rows, long headSize) {
    try {
      return (long) ATTENTION_SCRATCH.invokeExact(rows, headSize);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long attentionRows(long headSize) {
    try {
      return (long) ATTENTION_ROWS.invokeExact(headSize);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long attentionSplit() {
    try {
      return (long) ATTENTION_SPLIT.invokeExact();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void attention(long cache, long block, long scratch) {
    try {
      ATTENTION.invokeExact(cache, block, scratch);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void attentionCombine(
      long partial,
      long partStride,
      long parts,
      long out,
      long outStride,
      long queries,
      long group,
      long headSize) {
    try {
      ATTENTION_COMBINE.invokeExact(
          partial, partStride, parts, out, outStride, queries, group, headSize);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long readMemory(long data, long bytes) {
    try {
      return (long) READ_MEMORY.invokeExact(data, bytes);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static double compute(int format, long steps, long scratch) {
    try {
      return (double) COMPUTE.invokeExact(format, steps, scratch);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }
}

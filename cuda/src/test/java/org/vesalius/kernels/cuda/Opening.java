package org.vesalius.kernels.cuda;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.BackendUnavailableException;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Samples;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * What a {@link org.vesalius.kernels.Jvm} of these tests runs: it opens the backend, computes, and
 * says what happened.
 */
final class Opening {
  private Opening() {}

  public static void main(String[] arguments) {
    System.out.println(new Trial().get());
  }

  static Backend backend() {
    return Backends.all().stream()
        .filter(backend -> backend.name().equals("cuda"))
        .findFirst()
        .orElseThrow();
  }

  /** Public, so that other class loaders can run it. */
  public static final class Trial implements Supplier<String> {

    @Override
    public String get() {
      Backend backend = backend();
      return switch (backend.probe()) {
        case BackendStatus.Available(String detail) ->
            "works (" + detail + "), " + products(backend);
        case BackendStatus.Unavailable unavailable ->
            "does not work: "
                + unavailable.reason()
                + unavailable.cause().map(cause -> " [" + cause + "]").orElse("");
      };
    }

    /** 3 * 5 + 4 * 6, by a kernel for few tokens and by the library for many. */
    private static String products(Backend backend) {
      StringBuilder computed = new StringBuilder("computes");
      try (Kernels kernels = backend.open(new KernelOptions(2));
          Arena arena = Arena.ofConfined()) {
        MemorySegment numbers = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 5, 6);
        Weight weight = kernels.place(new Weight.F32(numbers, 1, 2));
        for (int tokens : new int[] {1, 20}) {
          Tensor x = kernels.allocate(ElementType.F32, tokens, 2);
          float[] values = new float[2 * tokens];
          for (int i = 0; i < values.length; i++) {
            values[i] = 3 + i % 2;
          }
          kernels.write(x, values);
          Tensor out = kernels.allocate(ElementType.F32, tokens, 1);
          kernels.linear(out, x, weight, null);
          float[] result = new float[tokens];
          kernels.read(result, out);
          computed.append(' ').append(result[tokens - 1]);
        }
      }
      return computed.toString();
    }
  }

  /** Prints what there is to find. */
  static final class Telling {
    private Telling() {}

    public static void main(String[] arguments) {
      backend().findings().forEach(System.out::println);
    }
  }

  /** Opens by name, twice, and then whatever is best. */
  static final class Choice {
    private Choice() {}

    public static void main(String[] arguments) {
      long[] launches = new long[2];
      for (int i = 0; i < 2; i++) {
        try (Kernels kernels = Backends.open("cuda", new KernelOptions(1))) {
          System.out.println("opened " + kernels.description());
        } catch (BackendUnavailableException e) {
          System.out.println("refused: " + e.getMessage());
        }
        launches[i] = Simulated.counter("launches");
      }
      System.out.println(launches[0] == launches[1] ? "checked once" : "checked again");
      try (Kernels kernels = Backends.open("auto", new KernelOptions(1))) {
        System.out.println("chosen " + kernels.description());
      }
    }
  }

  /** Places weights of BF16 and of FP8, twice. */
  static final class Small {
    private Small() {}

    public static void main(String[] arguments) {
      for (int i = 0; i < 2; i++) {
        try (Kernels kernels = backend().open(new KernelOptions(1));
            Arena arena = Arena.ofConfined()) {
          kernels.place(new Weight.BF16(arena.allocate(8), 2, 2));
          System.out.println("BF16: placed");
          try {
            kernels.place(new Weight.Fp8(arena.allocate(4), arena.allocate(8), 2, 2));
            System.out.println("FP8: placed");
          } catch (DeviceException e) {
            System.out.println("FP8: " + e.getMessage());
          }
        }
      }
    }
  }

  /** The same in two class loaders that share nothing, both alive. */
  static final class Twice {
    private Twice() {}

    public static void main(String[] arguments) throws IOException {
      List<URL> urls = new ArrayList<>();
      for (String entry : System.getProperty("java.class.path", "").split(":", -1)) {
        urls.add(Path.of(entry).toUri().toURL());
      }
      ClassLoader platform = ClassLoader.getPlatformClassLoader();
      try (URLClassLoader one = new URLClassLoader(urls.toArray(new URL[0]), platform);
          URLClassLoader two = new URLClassLoader(urls.toArray(new URL[0]), platform)) {
        for (ClassLoader loader : List.of(one, two, one)) {
          for (Supplier<?> trial : ServiceLoader.load(Supplier.class, loader)) {
            System.out.println(trial.get());
          }
        }
      }
    }
  }

  /** Prints a number that every bit of many operations' results goes into. */
  static final class Bits {
    private Bits() {}

    public static void main(String[] arguments) {
      try (Kernels kernels = backend().open(new KernelOptions(1));
          Arena arena = Arena.ofConfined()) {
        System.out.println("bits " + Arrays.hashCode(compute(kernels, arena)));
      }
    }

    private static Tensor tensor(Kernels kernels, Samples samples, int rows, int columns) {
      Tensor tensor = kernels.allocate(ElementType.F32, rows, columns);
      kernels.write(tensor, samples.normal(rows * columns, 1));
      return tensor;
    }

    private static Weight weight(
        Kernels kernels, Arena arena, Samples samples, int rows, int columns, String format) {
      MemorySegment bytes = arena.allocate((long) rows * columns * 4);
      for (int i = 0; i < rows * columns; i++) {
        bytes.set(ValueLayout.JAVA_BYTE, i, (byte) (samples.below(255) - 127));
      }
      MemorySegment scales = arena.allocate(4L * rows * Weight.Int8.groups(columns));
      scales.fill((byte) 0x38);
      MemorySegment numbers = arena.allocate(2L * rows * columns, 2);
      for (int i = 0; i < rows * columns; i++) {
        float value = samples.normal(1, 1)[0];
        numbers.setAtIndex(
            ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
      }
      return kernels.place(
          format.equals("int8")
              ? new Weight.Int8(bytes.asSlice(0, (long) rows * columns), scales, rows, columns)
              : new Weight.BF16(numbers, rows, columns));
    }

    private static float[] compute(Kernels kernels, Arena arena) {
      Samples samples = new Samples(7);
      int tokens = 40;
      int width = 96;
      Tensor x = tensor(kernels, samples, tokens, width);
      Tensor out = tensor(kernels, samples, tokens, width);
      Tensor gain = tensor(kernels, samples, 1, width);
      kernels.addRmsNorm(out, x, out, gain, 1e-6f);
      kernels.layerNorm(out, out, gain, gain, 1e-6f);
      kernels.gatedActivation(out, x, Activation.SILU);
      for (String format : List.of("bf16", "int8")) {
        Weight weight = weight(kernels, arena, samples, width, width, format);
        for (int count : new int[] {3, tokens}) {
          Tensor product = kernels.allocate(ElementType.F32, count, width);
          kernels.linear(product, out.firstRows(count), weight, gain);
          kernels.rmsNorm(product, product, gain, 1e-6f);
          kernels.add(out.firstRows(count), product);
        }
      }
      ExpertRouting routing = ExpertRouting.allocate(kernels, tokens, 8, 2);
      kernels.route(routing, tensor(kernels, samples, tokens, 8), true);
      Tensor chosen = kernels.allocate(ElementType.F32, 2 * tokens, width);
      kernels.gatherRows(chosen, out, routing.rows());
      List<Weight> experts = new ArrayList<>();
      for (int e = 0; e < 8; e++) {
        experts.add(weight(kernels, arena, samples, width, width, "bf16"));
      }
      Tensor computed = kernels.allocate(ElementType.F32, 2 * tokens, width);
      kernels.expertLinear(computed, chosen, experts, routing.starts());
      kernels.mixRows(x, computed, routing.places(), routing.shares());
      kernels.rmsNorm(x, x, gain, 1e-6f);
      Tensor starts = kernels.allocate(ElementType.I32, 1, 3);
      kernels.write(starts, new int[] {0, 7, tokens});
      kernels.attention(
          out,
          x,
          new KeyValues.Ragged(
              tensor(kernels, samples, tokens, 32), tensor(kernels, samples, tokens, 32)),
          starts,
          AttentionShape.causal(3, 1, 32));
      float[] result = new float[tokens * width];
      kernels.read(result, out);
      return result;
    }
  }
}

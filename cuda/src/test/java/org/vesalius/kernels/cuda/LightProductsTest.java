package org.vesalius.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.BackendsUnderTest;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Float8;
import org.vesalius.kernels.Jvm;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Matrices;
import org.vesalius.kernels.Recording;
import org.vesalius.kernels.Samples;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/** Products with weights of FP8 by cuBLASLt, of small whole numbers: all sums are exact. */
class LightProductsTest {
  private static final int EXECUTION_FAILED = 13;

  /** Invalid value, mismatch of architectures, not supported. */
  private static final List<Integer> NOT_POSSIBLE = List.of(7, 8, 15);

  @TempDir Path folder = Path.of("");
  private final Samples samples = new Samples(91);

  @BeforeEach
  void requireDevice() {
    Simulated.folder();
  }

  @AfterEach
  void wishNothing() {
    Simulated.fail("", 0, 0);
  }

  /** Whole numbers of E4M3, of which a row's scale is 1, 2, 4 or 8. */
  private final class Case {
    final Weight weight;
    final float[] x;
    final float[] bias;
    final float[] expected;

    Case(int tokens, int rows, int columns) {
      int[] numbers = new int[rows * columns];
      MemorySegment data = Arena.ofAuto().allocate(numbers.length);
      MemorySegment scales = Arena.ofAuto().allocate(4L * rows, 4);
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = samples.below(17) - 8;
        data.set(ValueLayout.JAVA_BYTE, i, Float8.round(numbers[i]));
      }
      x = new float[tokens * columns];
      for (int i = 0; i < x.length; i++) {
        // The largest number of E4M3 makes the scale of a token 1.
        x[i] = i % columns == i / columns % columns ? 448 : samples.below(17) - 8;
      }
      bias = new float[rows];
      expected = new float[tokens * rows];
      for (int r = 0; r < rows; r++) {
        scales.setAtIndex(ValueLayout.JAVA_FLOAT, r, 1 << r % 4);
        bias[r] = samples.below(100);
        for (int t = 0; t < tokens; t++) {
          float sum = 0;
          for (int c = 0; c < columns; c++) {
            sum += x[t * columns + c] * numbers[r * columns + c];
          }
          expected[t * rows + r] = sum * (1 << r % 4) + bias[r];
        }
      }
      weight = new Weight.Fp8(data, scales, rows, columns);
    }

    float[] run(Kernels kernels) {
      Tensor out = kernels.allocate(ElementType.F32, x.length / weight.columns(), weight.rows());
      linear(kernels, out, kernels.place(weight));
      return Matrices.read(kernels, out);
    }

    void linear(Kernels kernels, Tensor out, Weight placed) {
      Tensor in = Matrices.of(kernels, out.rows(), weight.columns(), x);
      kernels.linear(out, in, placed, Matrices.of(kernels, 1, bias.length, bias));
    }
  }

  private static long products() {
    return Simulated.counter("fp8_gemms");
  }

  @Test
  void manyTokens() {
    try (Kernels kernels = BackendsUnderTest.open("cuda", 1)) {
      for (int[] shape : new int[][] {{9, 16, 16}, {130, 48, 144}, {21, 144, 2048}}) {
        Case product = new Case(shape[0], shape[1], shape[2]);
        product.run(kernels); // the first one is checked
        long before = products();
        assertArrayEquals(product.expected, product.run(kernels));
        assertEquals(before + 1, products());
      }
    }
  }

  /** What the library cannot do, and what it is too much for. */
  @Test
  void othersAreForKernelsOfOurs() {
    try (Kernels kernels = BackendsUnderTest.open("cuda", 1)) {
      new Case(9, 16, 16).run(kernels);
      long before = products();
      for (int[] shape : new int[][] {{9, 18, 16}, {9, 16, 24}, {8, 16, 16}}) {
        Case product = new Case(shape[0], shape[1], shape[2]);
        assertArrayEquals(product.expected, product.run(kernels));
      }
      // A row of the result that no vector begins at.
      Case product = new Case(9, 16, 16);
      Tensor whole = kernels.allocate(ElementType.F32, 9, 20);
      Tensor view = whole.columns(1, 16);
      product.linear(kernels, view, kernels.place(product.weight));
      float[] found = Matrices.read(kernels, whole);
      for (int i = 0; i < product.expected.length; i++) {
        assertEquals(product.expected[i], found[i / 16 * 20 + 1 + i % 16]);
      }
      assertEquals(before, products());
    }
  }

  /** Algorithms of as many shapes are kept as there are between the first and its return. */
  @Test
  void moreShapesThanAreKept() {
    try (Kernels kernels = BackendsUnderTest.open("cuda", 1)) {
      Case first = new Case(9, 16, 16);
      Tensor out = kernels.allocate(ElementType.F32, 600, 16);
      Tensor x = kernels.allocate(ElementType.F32, 600, 16);
      Weight placed = kernels.place(first.weight);
      long before = products();
      for (int tokens = 9; tokens <= 600; tokens++) {
        kernels.linear(out.rows(0, tokens), x.rows(0, tokens), placed, null);
      }
      assertArrayEquals(first.expected, first.run(kernels));
      assertEquals(before + 593, products());
    }
  }

  @Test
  void recordedSteps() {
    try (Kernels kernels = BackendsUnderTest.open("cuda", 1)) {
      Case product = new Case(32, 48, 144);
      Tensor x = Matrices.of(kernels, 32, 144, product.x);
      Tensor bias = Matrices.of(kernels, 1, 48, product.bias);
      Tensor out = kernels.allocate(ElementType.F32, 32, 48);
      Weight placed = kernels.place(product.weight);
      long before = products();
      try (Recording recording = kernels.record(() -> kernels.linear(out, x, placed, bias))) {
        for (int run = 0; run < 4; run++) {
          kernels.write(out, new float[32 * 48]);
          recording.run();
          assertArrayEquals(product.expected, Matrices.read(kernels, out));
        }
      }
      assertEquals(before + 4, products());
    }
  }

  @Test
  void failuresNameTheFunction() {
    try (Kernels kernels = BackendsUnderTest.open("cuda", 1)) {
      Case product = new Case(9, 16, 16);
      product.run(kernels);
      Case other = new Case(10, 16, 16);
      for (String function : List.of("cublasLtMatmulAlgoGetHeuristic", "cublasLtMatmul")) {
        Simulated.fail("cublas", function.equals("cublasLtMatmul") ? 1 : 0, EXECUTION_FAILED);
        String message =
            String.valueOf(
                assertThrows(DeviceException.class, () -> other.run(kernels)).getMessage());
        assertEquals("cuda: " + function + " failed with cuBLAS status 13", message);
        assertArrayEquals(product.expected, product.run(kernels));
      }
      assertArrayEquals(other.expected, other.run(kernels));
    }
  }

  /** That it has no algorithm is no failure, whenever it says so. */
  @Test
  void whatItRefusesIsForKernelsOfOurs() {
    try (Kernels kernels = BackendsUnderTest.open("cuda", 1)) {
      new Case(9, 16, 16).run(kernels);
      int tokens = 10;
      for (int status : NOT_POSSIBLE) {
        for (int call = 0; call < 2; call++) {
          Case product = new Case(tokens++, 16, 16);
          Simulated.fail("cublas", call, status);
          long before = products();
          assertArrayEquals(product.expected, product.run(kernels));
          assertEquals(before, products());
          // It is not asked again.
          assertArrayEquals(product.expected, product.run(kernels));
          assertEquals(before, products());
        }
      }
    }
  }

  /** Opens, and then lets a call of cuBLASLt fail: by number, the first opens it. */
  static final class Failing {
    private Failing() {}

    public static void main(String[] arguments) {
      for (int call = 0; call < 4; call++) {
        try (Kernels kernels = BackendsUnderTest.open("cuda", 1)) {
          Simulated.fail("cublas", call, EXECUTION_FAILED);
          System.out.println(((CudaKernels) kernels).describeSmall());
          Simulated.fail("", 0, 0);
        }
      }
    }
  }

  /** What fails in the check, without a wrong number, is done without, and tried again later. */
  @Test
  void aLibraryThatFailsTheCheck() throws IOException, InterruptedException {
    String without = "kernels by way of binary16, not by cuBLASLt: ";
    List<String> lines = run(Simulated.folder(), Failing.class).lines().toList();
    assertEquals(
        without + "cuda: cublasLtCreate failed with cuBLAS status 13", lines.get(lines.size() - 4));
    for (int call = 1; call < 3; call++) {
      String line = lines.get(lines.size() - 4 + call);
      String function = call == 1 ? "cublasLtMatmulAlgoGetHeuristic" : "cublasLtMatmul";
      assertTrue(line.startsWith(without + "self check, linear FP8 (9, 144) to 32: "), line);
      assertTrue(line.contains("cuda: " + function + " failed with cuBLAS status 13"), line);
    }
  }

  /** A library that is there and does not open is done without. */
  @Test
  void aLibraryThatDoesNotOpen() {
    try (Kernels kernels = BackendsUnderTest.open("cuda", 1)) {
      Case product = new Case(9, 16, 16);
      Simulated.fail("cublas", 0, EXECUTION_FAILED);
      long before = products();
      assertArrayEquals(product.expected, product.run(kernels));
      assertEquals(before, products());
      assertEquals(
          "kernels by way of binary16, not by cuBLASLt: cuda: cublasLtCreate failed with cuBLAS"
              + " status 13",
          ((CudaKernels) kernels).describeSmall());
    }
  }

  private String run(Path libraries, Class<?> main) throws IOException, InterruptedException {
    Jvm.Result result = Simulated.jvm(folder, folder, libraries).run(main);
    assertEquals(0, result.code(), result.output());
    return result.output();
  }

  @Test
  void withoutTheLibrary() throws IOException, InterruptedException {
    Simulated.assumeNoCublas();
    for (String file :
        List.of("libcuda.so.1", "libvesalius_simulated_kernels.so", "libcublas.so.12")) {
      Files.copy(Simulated.folder().resolve(file), folder.resolve(file));
    }
    String output = run(folder, Opening.Telling.class);
    assertTrue(
        output.contains(
            "; FP8 by kernels by way of binary16, not by cuBLASLt: libcublasLt.so.12 not found\n"),
        output);
  }
}

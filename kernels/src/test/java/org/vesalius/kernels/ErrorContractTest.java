package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.Matrices.Framed;
import org.vesalius.kernels.StoredWeights.Format;
import org.vesalius.kernels.StoredWeights.Place;

/**
 * What every backend refuses, and that it has written nothing by then; of contents an asynchronous
 * one by the next read, and then nothing beside the output.
 */
class ErrorContractTest {

  private static void refused(String operation, Executable call) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call, operation);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith(operation + ":"), message);
    assertTrue(message.contains("expected") && message.contains("found"), message);
  }

  private static void outside(String operation, Framed out, Executable call) {
    Kernels kernels = out.kernels();
    Executable untilRefused =
        kernels.isAsynchronous()
            ? () -> {
              call.execute();
              Matrices.read(kernels, out.view());
            }
            : call;
    IndexOutOfBoundsException e =
        assertThrows(IndexOutOfBoundsException.class, untilRefused, operation);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith(operation + ":"), message);
    if (kernels.isAsynchronous()) {
      out.read(operation);
    } else {
      out.assertUntouched(operation);
    }
  }

  private static Weight weight(Kernels kernels, int rows, int columns) {
    return kernels.place(
        StoredWeights.of(
            Arena.ofAuto(), Format.BF16, Place.ODD, rows, columns, new float[rows * columns]));
  }

  private static Tensor floats(Kernels kernels, int rows, int columns) {
    return kernels.allocate(ElementType.F32, rows, columns);
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void shapesOfRowOperations(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 1)) {
      Tensor a = floats(kernels, 3, 8);
      Tensor b = floats(kernels, 3, 9);
      Tensor c = floats(kernels, 4, 8);
      Tensor vector = floats(kernels, 1, 8);
      Tensor ids = Matrices.integers(kernels, 0, 0, 0);
      Tensor integers = kernels.allocate(ElementType.I32, 3, 8);
      refused("embed", () -> kernels.embed(a, weight(kernels, 5, 9), ids));
      refused("embed", () -> kernels.embed(c, weight(kernels, 5, 8), ids));
      refused("embed", () -> kernels.embed(a, weight(kernels, 5, 8), floats(kernels, 1, 3)));
      refused("gatherRows", () -> kernels.gatherRows(a, b, ids));
      refused("gatherRows", () -> kernels.gatherRows(c, a, ids));
      refused("scatterRows", () -> kernels.scatterRows(c, a, Matrices.integers(kernels, 0)));
      refused("linear", () -> kernels.linear(a, b, weight(kernels, 8, 8), null));
      refused("linear", () -> kernels.linear(c, a, weight(kernels, 8, 8), null));
      refused("linear", () -> kernels.linear(a, b, weight(kernels, 8, 9), floats(kernels, 1, 9)));
      refused("linear", () -> kernels.linear(integers, a, weight(kernels, 8, 8), null));
      refused("add", () -> kernels.add(a, b));
      refused("add", () -> kernels.add(a, integers));
      refused("rmsNorm", () -> kernels.rmsNorm(a, c, vector, 1e-6f));
      refused("rmsNorm", () -> kernels.rmsNorm(a, a, floats(kernels, 1, 7), 1e-6f));
      refused("addRmsNorm", () -> kernels.addRmsNorm(a, a, c, vector, 1e-6f));
      refused("activate", () -> kernels.activate(integers, Activation.SILU));
      refused("gatedActivation", () -> kernels.gatedActivation(a, b, Activation.SILU));
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void shapesOfRotations(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 1)) {
      Tensor angles = floats(kernels, 3, 4);
      Rotary rotary = new Rotary(floats(kernels, 1, 4), Matrices.integers(kernels, 0, 0, 0, 0), 1);
      Tensor positions = kernels.allocate(ElementType.I32, 1, 3);
      Tensor shorter = kernels.allocate(ElementType.I32, 1, 2);
      refused("rotaryTable", () -> kernels.rotaryTable(angles, angles, shorter, rotary));
      refused(
          "rotaryTable",
          () -> kernels.rotaryTable(angles, floats(kernels, 3, 5), positions, rotary));
      refused("rotate", () -> kernels.rotate(floats(kernels, 3, 12), angles, angles));
      refused("rotate", () -> kernels.rotate(floats(kernels, 2, 16), angles, angles));
      KeyValues.Paged cache = cache(kernels, 8, 4);
      Tensor k = floats(kernels, 3, 16);
      Tensor q = floats(kernels, 3, 32);
      Tensor slots = Matrices.integers(kernels, 0, 1, 2);
      refused(
          "rotateAndCache",
          () -> kernels.rotateAndCache(q, k, q, null, null, 0, angles, angles, cache, slots));
      refused(
          "rotateAndCache",
          () ->
              kernels.rotateAndCache(
                  q, k, k, null, floats(kernels, 1, 4), 0, angles, angles, cache, slots));
      refused(
          "rotateAndCache",
          () ->
              kernels.rotateAndCache(
                  q, k, k, null, null, 0, angles, angles, cache(kernels, 6, 4), slots));
      for (KeyValues.Paged wrong : wrongCaches(kernels)) {
        refused(
            "rotateAndCache",
            () -> kernels.rotateAndCache(q, k, k, null, null, 0, angles, angles, wrong, slots));
      }
    }
  }

  /**
   * Slabs of two formats or with gaps, scales that are too many, too few or too short, and
   * integers.
   */
  private static List<KeyValues.Paged> wrongCaches(Kernels kernels) {
    int rows = 3 * 2 * 4;
    Tensor f32 = floats(kernels, rows, 8);
    Tensor bf16 = kernels.allocate(ElementType.BF16, rows, 8);
    Tensor i8 = kernels.allocate(ElementType.I8, rows, 8);
    Tensor i32 = kernels.allocate(ElementType.I32, rows, 8);
    Tensor scales = floats(kernels, 1, rows);
    Tensor few = floats(kernels, 1, rows - 1);
    return List.of(
        cache(kernels, f32, bf16),
        cache(kernels, bf16, f32),
        cache(kernels, i32, i32),
        cache(kernels, f32, Framed.of(kernels, rows, 8).view()),
        cache(kernels, Framed.of(kernels, rows, 8).view(), f32),
        cache(kernels, bf16, bf16, scales, scales),
        cache(kernels, i8, i8),
        cache(kernels, i8, i8, scales, few),
        cache(kernels, i8, i8, few, scales),
        cache(kernels, i8, i8, scales, i32),
        cache(kernels, i8, i8, floats(kernels, rows, 1), scales));
  }

  private static KeyValues.Paged cache(
      Kernels kernels, Tensor keys, Tensor values, Tensor... scales) {
    return new KeyValues.Paged(
        List.of(keys),
        List.of(values),
        scales.length == 0 ? List.of() : List.of(scales[0]),
        scales.length == 0 ? List.of() : List.of(scales[1]),
        2,
        4,
        3,
        Matrices.integerRows(kernels, 1, 2, 0, 2),
        Matrices.integers(kernels, 6));
  }

  /** Two slabs of three pages for two heads, the content all canaries. */
  private static KeyValues.Paged cache(Kernels kernels, int headSize, int pageSize) {
    int rows = 3 * 2 * pageSize;
    List<Tensor> slabs =
        List.of(
            Framed.contiguous(kernels, ElementType.F32, rows, headSize).view(),
            Framed.contiguous(kernels, ElementType.F32, rows, headSize).view());
    return new KeyValues.Paged(
        slabs,
        slabs,
        2,
        pageSize,
        3,
        Matrices.integerRows(kernels, 1, 2, 0, 5),
        Matrices.integers(kernels, 6));
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void shapesOfAttention(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 1)) {
      AttentionShape shape = AttentionShape.causal(4, 2, 8);
      Tensor q = floats(kernels, 3, 32);
      Tensor k = floats(kernels, 3, 16);
      Tensor starts = Matrices.integers(kernels, 0, 3);
      refused(
          "attention", () -> kernels.attention(q, k, new KeyValues.Ragged(k, k), starts, shape));
      refused(
          "attention", () -> kernels.attention(q, q, new KeyValues.Ragged(q, q), starts, shape));
      refused("attention", () -> kernels.attention(q, q, new KeyValues.Ragged(k, k), k, shape));
      refused(
          "attention",
          () ->
              kernels.attention(q, q, cache(kernels, 8, 4), Matrices.integers(kernels, 0), shape));
      refused("attention", () -> kernels.attention(q, q, cache(kernels, 7, 4), starts, shape));
      for (KeyValues.Paged wrong : wrongCaches(kernels)) {
        refused("attention", () -> kernels.attention(q, q, wrong, starts, shape));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void indicesOfRowOperations(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
      Framed out = Framed.of(kernels, 3, 8);
      Tensor x = floats(kernels, 3, 8);
      for (int wrong : new int[] {-1, 3, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
        Tensor index = Matrices.integers(kernels, 0, 1, wrong);
        outside("embed", out, () -> kernels.embed(out.view(), weight(kernels, 3, 8), index));
        outside("gatherRows", out, () -> kernels.gatherRows(out.view(), x, index));
        outside("scatterRows", out, () -> kernels.scatterRows(out.view(), x, index));
        Framed angles = Framed.of(kernels, 2, 3);
        Rotary rotary = new Rotary(floats(kernels, 1, 3), index, 1);
        outside(
            "rotaryTable",
            angles,
            () ->
                kernels.rotaryTable(
                    angles.view(), angles.view(), kernels.allocate(ElementType.I32, 3, 2), rotary));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void slots(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
      int capacity = 2 * 3 * 4;
      for (int wrong : new int[] {-1, capacity, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
        KeyValues.Paged cache = cache(kernels, 8, 4);
        float[] before = Matrices.read(kernels, cache.keys().getFirst());
        Framed q = Framed.of(kernels, 2, 16);
        Tensor k = floats(kernels, 2, 16);
        Tensor angles = floats(kernels, 2, 4);
        Tensor slots = Matrices.integers(kernels, 0, wrong);
        outside(
            "rotateAndCache",
            q,
            () ->
                kernels.rotateAndCache(
                    q.view(), k, k, null, null, 0, angles, angles, cache, slots));
        float[] after = Matrices.read(kernels, cache.keys().getFirst());
        if (kernels.isAsynchronous()) {
          // The first token's slot, of both heads, may have been filled.
          System.arraycopy(before, 0, after, 0, 8);
          System.arraycopy(before, 4 * 8, after, 4 * 8, 8);
        }
        Matrices.assertIdentical("cache", before, after);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void sequencesAndPages(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
      AttentionShape shape = AttentionShape.causal(4, 2, 8);
      Framed out = Framed.of(kernels, 3, 32);
      Tensor q = floats(kernels, 3, 32);
      Tensor k = floats(kernels, 3, 16);
      KeyValues ragged = new KeyValues.Ragged(k, k);
      for (int[] wrong : new int[][] {{0, 4}, {-1, 3}, {0, 2, 1}, {2, 1}}) {
        Tensor starts = Matrices.integers(kernels, wrong);
        outside("attention", out, () -> kernels.attention(out.view(), q, ragged, starts, shape));
      }
      Tensor starts = Matrices.integers(kernels, 0, 3);
      for (int length : new int[] {2, 9, -1}) {
        KeyValues.Paged cache = cache(kernels, 8, 4);
        kernels.write(cache.lengths(), new int[] {length});
        outside("attention", out, () -> kernels.attention(out.view(), q, cache, starts, shape));
      }
      for (int page : new int[] {-1, 6, Integer.MAX_VALUE}) {
        KeyValues.Paged cache = cache(kernels, 8, 4);
        kernels.write(cache.pageTable(), new int[] {0, page});
        outside("attention", out, () -> kernels.attention(out.view(), q, cache, starts, shape));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void shapesOfNormsAndMixtures(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 1)) {
      Tensor a = floats(kernels, 3, 8);
      Tensor b = floats(kernels, 3, 9);
      Tensor c = floats(kernels, 4, 8);
      Tensor vector = floats(kernels, 1, 8);
      Tensor integers = kernels.allocate(ElementType.I32, 3, 8);
      Tensor ids = Matrices.integers(kernels, 0, 1, 2);
      refused("layerNorm", () -> kernels.layerNorm(a, c, vector, vector, 1e-6f));
      refused("layerNorm", () -> kernels.layerNorm(a, a, floats(kernels, 1, 7), vector, 1e-6f));
      refused("layerNorm", () -> kernels.layerNorm(a, a, vector, floats(kernels, 2, 8), 1e-6f));
      refused("layerNorm", () -> kernels.layerNorm(a, integers, vector, vector, 1e-6f));
      refused("scale", () -> kernels.scale(integers, 2));
      refused("addRows", () -> kernels.addRows(a, b, ids));
      refused("addRows", () -> kernels.addRows(a, c, ids));
      refused("addRows", () -> kernels.addRows(c, a, floats(kernels, 1, 3)));
      Tensor shares = floats(kernels, 2, 3);
      Tensor index = kernels.allocate(ElementType.I32, 2, 3);
      refused("mixRows", () -> kernels.mixRows(a, b, index, shares));
      refused("mixRows", () -> kernels.mixRows(c, a, index, shares));
      refused("mixRows", () -> kernels.mixRows(a, c, ids, shares));
      refused("mixRows", () -> kernels.mixRows(a, c, shares, shares));
      refused("mixRows", () -> kernels.mixRows(a, c, index, index));
      Weight turned = new Weight.Transposed(weight(kernels, 8, 5));
      refused("embed", () -> kernels.embed(a, turned, ids));
      refused("linear", () -> kernels.linear(a, a, turned, null));
      assertThrows(IllegalArgumentException.class, () -> new Weight.Transposed(turned));
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void shapesOfExperts(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 1)) {
      ExpertRouting routing = ExpertRouting.allocate(kernels, 3, 4, 2);
      refused("route", () -> kernels.route(routing, floats(kernels, 3, 5), true));
      refused("route", () -> kernels.route(routing, floats(kernels, 2, 4), true));
      refused("route", () -> kernels.route(routing.firstTokens(2), floats(kernels, 3, 4), true));
      refused(
          "route",
          () ->
              kernels.route(ExpertRouting.allocate(kernels, 3, 4, 5), floats(kernels, 3, 4), true));
      refused("route", () -> kernels.route(routing, routing.places(), true));
      Tensor x = floats(kernels, 3, 8);
      Tensor out = floats(kernels, 3, 5);
      List<Weight> experts = List.of(weight(kernels, 5, 8), weight(kernels, 5, 8));
      Tensor starts = Matrices.integers(kernels, 0, 1, 3);
      refused("expertLinear", () -> kernels.expertLinear(x, x, experts, starts));
      refused("expertLinear", () -> kernels.expertLinear(out, out, experts, starts));
      refused(
          "expertLinear", () -> kernels.expertLinear(out, floats(kernels, 4, 8), experts, starts));
      refused(
          "expertLinear",
          () -> kernels.expertLinear(out, x, experts, Matrices.integers(kernels, 0, 3)));
      refused("expertLinear", () -> kernels.expertLinear(out, x, experts, floats(kernels, 1, 3)));
      List<Weight> unequal = List.of(weight(kernels, 5, 8), weight(kernels, 5, 7));
      refused("expertLinear", () -> kernels.expertLinear(out, x, unequal, starts));
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void contentsOfMixturesAndExperts(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
      Framed out = Framed.of(kernels, 3, 8);
      Tensor x = floats(kernels, 3, 8);
      for (int wrong : new int[] {-1, 3, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
        Tensor index = Matrices.integers(kernels, 0, 1, wrong);
        outside("addRows", out, () -> kernels.addRows(out.view(), x, index));
        Tensor two = Matrices.integerRows(kernels, 2, 3, 0, 1, 2, 0, wrong, 2);
        Tensor shares = floats(kernels, 2, 3);
        outside("mixRows", out, () -> kernels.mixRows(out.view(), x, two, shares));
      }
      List<Weight> experts = List.of(weight(kernels, 8, 8), weight(kernels, 8, 8));
      for (int[] wrong :
          new int[][] {{1, 2, 3}, {0, 2, 2}, {0, 2, 4}, {0, 4, 3}, {0, -1, 3}, {-1, 0, 3}}) {
        Tensor starts = Matrices.integers(kernels, wrong);
        outside("expertLinear", out, () -> kernels.expertLinear(out.view(), x, experts, starts));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void groups(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
      AttentionShape shape = AttentionShape.causal(4, 2, 8);
      Framed out = Framed.of(kernels, 3, 32);
      Tensor q = floats(kernels, 3, 32);
      Tensor k = floats(kernels, 3, 16);
      KeyValues ragged = new KeyValues.Ragged(k, k);
      Tensor starts = Matrices.integers(kernels, 0, 1, 3);
      AttentionShape everything = new AttentionShape(4, 2, 8, 1, false, 0);
      Tensor right = Matrices.integerRows(kernels, 2, 3, 0, 0, 0, 1, 2, 2);
      kernels.attention(floats(kernels, 3, 32), q, ragged, starts, shape, right);
      refused(
          "attention", () -> kernels.attention(out.view(), q, ragged, starts, everything, right));
      for (Tensor wrong :
          List.of(
              Matrices.integerRows(kernels, 2, 2, 0, 0, 1, 2),
              Matrices.integerRows(kernels, 1, 3, 0, 0, 0),
              floats(kernels, 2, 3))) {
        refused("attention", () -> kernels.attention(out.view(), q, ragged, starts, shape, wrong));
      }
      // Beyond the sequence, without the query itself, before the first key.
      for (int[] wrong :
          new int[][] {
            {0, 0, 0, 2, 2, 2},
            {0, 0, 0, 1, 3, 2},
            {0, 1, 0, 1, 2, 2},
            {0, 0, 0, 1, 0, 2},
            {0, 0, 0, 1, 2, 1},
            {0, 0, -1, 1, 2, 2},
            {0, 0, 2, 1, 2, 2}
          }) {
        Tensor groups = Matrices.integerRows(kernels, 2, 3, wrong);
        outside(
            "attention",
            out,
            () -> kernels.attention(out.view(), q, ragged, starts, shape, groups));
      }
      // Three queries of a sequence of six: a group may reach back, but not beyond.
      KeyValues.Paged cache = cache(kernels, 8, 4);
      Tensor all = Matrices.integers(kernels, 0, 3);
      for (int[] wrong : new int[][] {{3, 3, 3, 6, 6, 7}, {0, 5, 5, 4, 6, 6}, {0, 0, 0, 3, 6, 6}}) {
        Tensor groups = Matrices.integerRows(kernels, 2, 3, wrong);
        outside(
            "attention", out, () -> kernels.attention(out.view(), q, cache, all, shape, groups));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void copiesThatDoNotFit(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 1)) {
      Tensor x = floats(kernels, 2, 3);
      assertThrows(IllegalArgumentException.class, () -> kernels.write(x, new float[5]));
      assertThrows(IllegalArgumentException.class, () -> kernels.write(x, new int[6]));
      assertThrows(IllegalArgumentException.class, () -> kernels.read(new float[5], x));
      kernels.write(x, new float[] {1, 2, 3, 4, 5, 6});
      float[] values = new float[6];
      kernels.read(values, x);
      assertEquals(6f, values[5]);
    }
  }
}

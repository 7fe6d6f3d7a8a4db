package org.vesalius.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.BackendUnavailableException;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Jvm;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.MemoryDemand;
import org.vesalius.kernels.Recording;
import org.vesalius.kernels.Samples;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/** Several devices for one model, in processes that have several. */
class DeviceChainTest {
  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void requireDevice() {
    Simulated.folder();
  }

  private String run(Class<?> main, String... variables) throws IOException, InterruptedException {
    Jvm jvm =
        Simulated.jvm(
            Files.createDirectory(folder.resolve("home")),
            Files.createDirectory(folder.resolve("tmp")),
            Simulated.folder());
    for (String variable : variables) {
      int equals = variable.indexOf('=');
      jvm.environment(
          "VESALIUS_SIMULATED_" + variable.substring(0, equals), variable.substring(equals + 1));
    }
    Jvm.Result result = jvm.run(main);
    assertEquals(0, result.code(), result.output());
    return result.output();
  }

  private static void assertLines(String output, String... expected) {
    for (String line : expected) {
      assertTrue(output.contains(line + "\n"), "expected: " + line + "\nfound: " + output);
    }
  }

  private static MemoryDemand layers(int count, long bytes) {
    return new MemoryDemand(0, 0, Collections.nCopies(count, bytes), 0, 0, 0);
  }

  private static String message(Runnable call) {
    try {
      call.run();
      return "nothing";
    } catch (RuntimeException e) {
      return e.getClass().getSimpleName() + ": " + e.getMessage();
    }
  }

  @Test
  void copiesArriveInOrder() throws IOException, InterruptedException {
    assertLines(
        run(Copies.class, "DEVICES=3"),
        "cuda (Simulated device, sm_90, CUDA 12.6, cuBLAS 12; device 2: layers 0 to 1, device 0:"
            + " layers 2 to 3, device 1: layers 4 to 5)",
        "layer 0 here: true, layer 3 there: true, layer 99 at the last: true",
        "views: [[0.0, 1.0, 2.0, 0.0], [0.0, 4.0, 5.0, 0.0]]",
        "before it was overwritten: true",
        "after it was computed: true",
        "of an earlier device: IndexOutOfBoundsException: embed: expected indices below 4, found 9"
            + " at 1",
        "once: [1.0, 1.0]",
        "of two devices: IndexOutOfBoundsException: embed: expected indices below 4, found 9 at 1",
        "both once: [1.0, 1.0]",
        "memory of another device: IllegalArgumentException: cuda: expected memory of this device",
        "shapes: IllegalArgumentException: receive: expected equal shapes",
        "recorded: IllegalStateException: cuda: something is copied from another device while"
            + " operations are recorded; do it before Kernels.record",
        "left: 0 0 0 0");
  }

  /** What the test above starts. */
  static final class Copies {
    private Copies() {}

    public static void main(String[] arguments) {
      KernelOptions options =
          new KernelOptions(1).withDevices(List.of(2, 0, 1)).withMemory(() -> layers(6, 1 << 20));
      try (Kernels first = Opening.backend().open(options);
          Arena arena = Arena.ofConfined()) {
        System.out.println(first.description());
        Kernels second = first.ofLayer(3);
        Kernels third = first.ofLayer(4);
        System.out.println(
            "layer 0 here: "
                + (first.ofLayer(0) == first)
                + ", layer 3 there: "
                + (second != first && second == first.ofLayer(2))
                + ", layer 99 at the last: "
                + (third != second && third == first.ofLayer(99)));
        views(first, second);
        order(first, second);
        fault(first, second, third, arena);
        Tensor here = first.allocate(ElementType.F32, 1, 4);
        Tensor there = second.allocate(ElementType.F32, 1, 4);
        System.out.println(
            "memory of another device: "
                + message(() -> second.add(there, here)).split(", found", 2)[0]);
        System.out.println(
            "shapes: "
                + message(() -> second.receive(there.columns(0, 3), first, here))
                    .split(", found", 2)[0]);
        Recording recording = second.record(() -> second.receive(there, first, here));
        recording.run();
        System.out.println("recorded: " + message(recording::run));
        recording.close();
      }
      System.out.println("left: " + left());
    }

    private static void views(Kernels first, Kernels second) {
      Tensor from = first.allocate(ElementType.F32, 2, 3);
      first.write(from, new float[] {0, 1, 2, 3, 4, 5});
      Tensor to = second.allocate(ElementType.F32, 2, 4);
      second.receive(to.columns(1, 2), first, from.columns(1, 2));
      float[] values = new float[8];
      second.read(values, to);
      System.out.println(
          "views: ["
              + Arrays.toString(Arrays.copyOf(values, 4))
              + ", "
              + Arrays.toString(Arrays.copyOfRange(values, 4, 8))
              + "]");
    }

    /** A copy waits for a busy sender, and what comes after it for a busy receiver. */
    private static void order(Kernels first, Kernels second) {
      int width = 512;
      float[] numbers = new Samples(5).normal(width * width, 1);
      Tensor x = first.allocate(ElementType.F32, width, width);
      Tensor arrived = second.allocate(ElementType.F32, width, width);
      float[] found = new float[width * width];

      first.write(x, numbers);
      keepBusy(second);
      second.receive(arrived, first, x);
      first.write(x, new float[width * width]);
      first.read(new float[width * width], x);
      second.read(found, arrived);
      System.out.println("before it was overwritten: " + Arrays.equals(numbers, found));

      keepBusy(first);
      first.write(x, numbers);
      second.receive(arrived, first, x);
      second.read(found, arrived);
      System.out.println("after it was computed: " + Arrays.equals(numbers, found));
    }

    private static void keepBusy(Kernels kernels) {
      Tensor x = kernels.allocate(ElementType.F32, 2048, 1024);
      Tensor gain = kernels.allocate(ElementType.F32, 1, 1024);
      for (int i = 0; i < 5; i++) {
        kernels.rmsNorm(x, x, gain, 1);
      }
    }

    /** The first device has been told a token that is not there; the third one's reader hears. */
    private static void fault(Kernels first, Kernels second, Kernels third, Arena arena) {
      MemorySegment table = arena.allocate(4 * 2 * Float.BYTES, 4);
      for (int i = 0; i < 8; i++) {
        table.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
      }
      Weight placed = first.place(new Weight.F32(table, 4, 2));
      Tensor ids = first.allocate(ElementType.I32, 1, 2);
      first.write(ids, new int[] {1, 9});
      Tensor here = first.allocate(ElementType.F32, 2, 2);
      Tensor there = second.allocate(ElementType.F32, 2, 2);
      Tensor last = third.allocate(ElementType.F32, 2, 2);
      first.embed(here, placed, ids);
      second.receive(there, first, here);
      third.receive(last, second, there);
      float[] values = new float[4];
      System.out.println("of an earlier device: " + message(() -> third.read(values, last)));
      third.read(values, last);
      System.out.println("once: " + Arrays.toString(Arrays.copyOf(values, 2)));
      // A step's integers are on every device: one report for one step.
      Tensor others = second.allocate(ElementType.I32, 1, 2);
      second.write(others, new int[] {9, 1});
      first.embed(here, placed, ids);
      second.embed(there, second.place(new Weight.F32(table, 4, 2)), others);
      System.out.println("of two devices: " + message(() -> third.read(values, last)));
      second.read(new float[4], there);
      third.read(values, last);
      System.out.println("both once: " + Arrays.toString(Arrays.copyOf(values, 2)));
    }
  }

  @Test
  void memoryDecidesHowMany() throws IOException, InterruptedException {
    assertLines(
        run(Memory.class, "DEVICES=3", "MEMORY=1000000000"),
        "0.9 GB: Available[detail=Simulated device, sm_90, CUDA 12.6, cuBLAS 12]",
        "1.6 GB: Available[detail=2 devices, the first Simulated device, sm_90, CUDA 12.6, cuBLAS"
            + " 12]",
        "2.4 GB: Available[detail=3 devices, the first Simulated device, sm_90, CUDA 12.6, cuBLAS"
            + " 12]",
        "4 GB: about 3814.7 MiB are needed and device 0, Simulated device, has 953.7 MiB, device 1,"
            + " Simulated device, has 953.7 MiB, device 2, Simulated device, has 953.7 MiB; take"
            + " fewer bits for weights or cache, a shorter context, or another backend",
        "one of them: about 1525.9 MiB are needed and device 1, Simulated device, has 953.7 MiB;"
            + " take fewer bits for weights or cache, a shorter context, or another backend",
        "in one piece: about 1525.9 MiB are needed and device 0, Simulated device, has 953.7 MiB;"
            + " take fewer bits for weights or cache, a shorter context, or another backend",
        "while others hold some: cuda (Simulated device, sm_90, CUDA 12.6, cuBLAS 12; device 0:"
            + " layers 0 to 3, device 1: layers 4 to 9)",
        "while others hold some, of one: BackendUnavailableException",
        "an unknown number of layers: cuda (Simulated device, sm_90, CUDA 12.6, cuBLAS 12; all on"
            + " device 1)",
        "too much of them: about 1144.4 MiB are needed and device 1, Simulated device, has 953.7"
            + " MiB, device 0, Simulated device, has 953.7 MiB; take fewer bits for weights or cache,"
            + " a shorter context, or another backend",
        "twice the same: IllegalArgumentException: device: expected each device once, found [1, 1]",
        "left: 0 0 0 0");
  }

  /** What the test above starts. */
  static final class Memory {
    private Memory() {}

    private static KernelOptions wanting(double gigabytes) {
      return new KernelOptions(1).withMemory(() -> layers(10, (long) (gigabytes * 1e8)));
    }

    private static String probe(KernelOptions options) {
      return switch (Opening.backend().probe(options)) {
        case BackendStatus.Available works -> works.toString();
        case BackendStatus.Unavailable refused -> refused.reason();
      };
    }

    public static void main(String[] arguments) {
      System.out.println("0.9 GB: " + probe(wanting(0.9)));
      System.out.println("1.6 GB: " + probe(wanting(1.6)));
      System.out.println("2.4 GB: " + probe(wanting(2.4)));
      System.out.println("4 GB: " + probe(wanting(4)));
      System.out.println("one of them: " + probe(wanting(1.6).withDevice(1)));
      System.out.println("in one piece: " + probe(new KernelOptions(1).withBytes((long) 1.6e9)));
      try (Kernels other = Opening.backend().open(new KernelOptions(1))) {
        other.allocate(ElementType.I8, 1, 400_000_000);
        try (Kernels split = Opening.backend().open(wanting(0.9))) {
          System.out.println("while others hold some: " + split.description());
        }
        System.out.println(
            "while others hold some, of one: "
                + message(() -> Opening.backend().open(wanting(0.9).withDevice(0)))
                    .split(":", 2)[0]);
      } catch (BackendUnavailableException e) {
        System.out.println("not opened: " + e.getMessage());
      }
      KernelOptions both = new KernelOptions(1).withDevices(List.of(1, 0));
      try (Kernels unsplit = Opening.backend().open(both.withBytes(1000))) {
        System.out.println("an unknown number of layers: " + unsplit.description());
      }
      System.out.println("too much of them: " + probe(both.withBytes(1_200_000_000)));
      System.out.println("twice the same: " + message(() -> wanting(1).withDevices(List.of(1, 1))));
      System.out.println("left: " + left());
    }
  }

  @Test
  void whatFailsLeavesNothing() throws IOException, InterruptedException {
    assertLines(
        run(Failing.class, "DEVICES=2"),
        "copy: DeviceException: cuda: cuMemcpyPeerAsync of a copy from device 0 failed with"
            + " CUDA_ERROR_INVALID_VALUE (invalid argument)",
        "still: [3.0, 4.0]",
        "context: failed, nothing left",
        "stream: failed, nothing left",
        "event: failed, nothing left",
        "host_alloc: failed, nothing left",
        "module: failed, nothing left",
        "alloc: failed, nothing left",
        "copy: failed, nothing left",
        "left: 0 0 0 0");
  }

  /** What the test above starts. */
  static final class Failing {
    private static final int INVALID_VALUE = 1;

    private Failing() {}

    public static void main(String[] arguments) {
      KernelOptions options =
          new KernelOptions(1).withDevices(List.of(0, 1)).withMemory(() -> layers(2, 1 << 20));
      try (Kernels first = Opening.backend().open(options)) {
        Kernels second = first.ofLayer(1);
        Tensor here = first.allocate(ElementType.F32, 1, 2);
        Tensor there = second.allocate(ElementType.F32, 1, 2);
        first.write(here, new float[] {3, 4});
        Simulated.fail("copy", 0, INVALID_VALUE);
        System.out.println(
            "copy: " + message(() -> second.receive(there, first, here)).split(";", 2)[0]);
        Simulated.fail("", 0, 0);
        second.receive(there, first, here);
        float[] values = new float[2];
        second.read(values, there);
        System.out.println("still: " + Arrays.toString(values));
      }
      // Each call of a kind that opening makes fails once.
      for (String what :
          List.of("context", "stream", "event", "host_alloc", "module", "alloc", "copy")) {
        int failures = 0;
        boolean opened = false;
        while (!opened) {
          Simulated.fail(what, failures, INVALID_VALUE);
          try (Kernels kernels = Opening.backend().open(options)) {
            opened = kernels.ofLayer(1) != kernels;
          } catch (BackendUnavailableException e) {
            failures++;
          }
          Simulated.fail("", 0, 0);
          if (!left().equals("0 0 0 0")) {
            System.out.println(what + " " + failures + " leaves " + left());
          }
        }
        System.out.println(
            what + ": " + (failures > 1 ? "failed" : "never failed") + ", nothing left");
      }
      System.out.println("left: " + left());
    }
  }

  private static String left() {
    return Simulated.counter("allocations")
        + " "
        + Simulated.counter("contexts")
        + " "
        + Simulated.counter("events")
        + " "
        + Simulated.counter("pinned");
  }
}

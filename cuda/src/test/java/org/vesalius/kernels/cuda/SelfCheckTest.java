package org.vesalius.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.BackendsUnderTest;
import org.vesalius.kernels.Jvm;

/** The check that a device has to pass before it is used: it finds every kernel that is wrong. */
class SelfCheckTest {
  private static final int OUT_OF_MEMORY = 2;

  private static final Pattern DECLARED = Pattern.compile("vesalius_([a-z0-9_]+)\\(");

  @TempDir Path folder = Path.of("");

  @BeforeEach
  void requireDevice() {
    Simulated.folder();
  }

  @AfterEach
  void wishNothing() {
    Simulated.wrong("");
    Simulated.fail("", 0, 0);
  }

  /** Every kernel of the header, and the library. */
  private static List<String> kernels() throws IOException {
    Path header =
        Path.of(System.getProperty("vesalius.root", "..")).resolve("cuda/src/main/cuda/kernels.h");
    TreeSet<String> names = new TreeSet<>();
    Matcher matcher = DECLARED.matcher(Files.readString(header));
    while (matcher.find()) {
      names.add("vesalius_" + matcher.group(1));
    }
    List<String> all = new ArrayList<>(names);
    all.add("gemms");
    all.add("fp8_gemms");
    return all;
  }

  private static CudaKernels open() {
    return (CudaKernels) BackendsUnderTest.open("cuda", 1);
  }

  @Test
  void everyKernelThatIsWrongIsFound() throws IOException {
    List<String> missed = new ArrayList<>();
    List<String> kernels = kernels();
    assertTrue(kernels.size() > 45, kernels.toString());
    try (CudaKernels opened = open()) {
      SelfCheck.run(opened);
      SelfCheck.runSmall(opened);
      for (String kernel : kernels) {
        Simulated.wrong(kernel);
        boolean small = kernel.contains("fp8");
        Consumer<CudaKernels> check = small ? SelfCheck::runSmall : SelfCheck::run;
        try {
          check.accept(opened);
          missed.add(kernel);
        } catch (Comparison.WrongResultException _) {
          // As it should.
        }
        if (small) {
          SelfCheck.run(opened); // all the rest can be used
        }
      }
    }
    assertEquals(List.of(), missed, "kernels that could be wrong without being found");
  }

  @Test
  void theMessageSaysWhatWhereExpectedAndFound() {
    try (CudaKernels kernels = open()) {
      Simulated.wrong("vesalius_rms_norm");
      String message =
          String.valueOf(
              assertThrows(Comparison.WrongResultException.class, () -> SelfCheck.run(kernels))
                  .getMessage());
      assertTrue(
          message.matches(
              "rmsNorm \\(3, 517\\): expected [-0-9.E]+ within [0-9.E-]+ as result 0, found \\S+"),
          message);
    }
  }

  @Test
  void nothingIsLeftOfACheck() {
    try (CudaKernels kernels = open()) {
      SelfCheck.run(kernels);
      long allocations = Simulated.counter("allocations");
      long bytes = Simulated.counter("allocation_bytes");
      SelfCheck.run(kernels);
      assertEquals(allocations, Simulated.counter("allocations"));
      assertEquals(bytes, Simulated.counter("allocation_bytes"));
    }
  }

  /** What fails may have another reason than the device, and is told as it is. */
  @Test
  void failuresAreNotWrongResults() {
    try (CudaKernels kernels = open()) {
      Simulated.fail("alloc", 40, OUT_OF_MEMORY);
      String message =
          String.valueOf(
              assertThrows(DeviceException.class, () -> SelfCheck.run(kernels)).getMessage());
      assertTrue(message.startsWith("self check, "), message);
      assertTrue(
          message.contains(" needs ") && message.contains("of the device's memory"), message);
      Simulated.fail("", 0, 0);
      SelfCheck.run(kernels);
    }
  }

  private Jvm.Result choice(String wrong) throws IOException, InterruptedException {
    Jvm.Result result =
        Simulated.jvm(folder, folder, Simulated.folder())
            .environment("VESALIUS_SIMULATED_WRONG", wrong)
            .run(Opening.Choice.class);
    assertEquals(0, result.code(), result.output());
    assertTrue(result.output().contains("checked once"), result.output());
    return result;
  }

  private String findings(String... environment) throws IOException, InterruptedException {
    Jvm jvm = Simulated.jvm(folder, folder, Simulated.folder());
    for (int i = 0; i < environment.length; i += 2) {
      jvm = jvm.environment(environment[i], environment[i + 1]);
    }
    Jvm.Result result = jvm.run(Opening.Telling.class);
    assertEquals(0, result.code(), result.output());
    return result.output();
  }

  /** Who multiplies by weights of FP8, which cuBLASLt does no longer when it is wrong. */
  @Test
  void ownKernelsReplaceALibraryThatIsWrong() throws IOException, InterruptedException {
    String newest = findings();
    assertTrue(newest.contains("ms); FP8 by cuBLASLt\n"), newest);
    String older = findings("VESALIUS_SIMULATED_CAPABILITY", "89");
    assertTrue(older.contains("ms); FP8 by kernels for its units\n"), older);
    String oldest = findings("VESALIUS_SIMULATED_CAPABILITY", "80");
    assertTrue(oldest.contains("ms); FP8 by kernels by way of binary16\n"), oldest);
    String wrong = findings("VESALIUS_SIMULATED_WRONG", "fp8_gemms");
    assertTrue(
        wrong.contains(
            "ms); FP8 by kernels by way of binary16, not by cuBLASLt: linear FP8 (9, 144) to 32:"
                + " expected "),
        wrong);
    Jvm.Result result =
        Simulated.jvm(folder, folder, Simulated.folder())
            .environment("VESALIUS_SIMULATED_WRONG", "fp8_gemms")
            .run(Opening.Small.class);
    assertEquals(0, result.code(), result.output());
    assertEquals(2, result.output().lines().filter("FP8: placed"::equals).count());
  }

  /** A device whose FP8 is wrong is used for everything else. */
  @Test
  void wrongSmallFloatsAreRefusedAlone() throws IOException, InterruptedException {
    Jvm.Result result =
        Simulated.jvm(folder, folder, Simulated.folder())
            .environment("VESALIUS_SIMULATED_WRONG", "vesalius_tiled_fp8")
            .run(Opening.Small.class);
    assertEquals(0, result.code(), result.output());
    assertTrue(result.output().contains("BF16: placed\n"), result.output());
    String refused =
        "FP8: device 0, Simulated device, computes wrong numbers with weights of FP8: linear FP8 (9,"
            + " 138) to 18: expected ";
    assertEquals(
        2,
        result.output().lines().filter(line -> line.startsWith(refused)).count(),
        result.output());
    assertTrue(result.output().contains("; take weights of int8\n"), result.output());
  }

  /** By name it is refused, and an automatic choice goes on and says why. */
  @Test
  void aWrongDeviceIsNotUsed() throws IOException, InterruptedException {
    String output = choice("vesalius_few_int4").output();
    String reason =
        "cuda: device 0, Simulated device, computes wrong numbers and is not used:"
            + " linear INT4 (3, 74) to 18: expected ";
    String remedy = "; update NVIDIA's driver, and if that does not help, report this with what";
    assertEquals(
        2,
        output.lines().filter(line -> line.startsWith("refused: backend " + reason)).count(),
        output);
    assertTrue(output.contains(remedy), output);
    assertTrue(output.contains("chosen reference ("), output);
    assertEquals(
        1,
        output
            .lines()
            .filter(line -> line.contains("kernels: reference (") && line.contains(reason))
            .count(),
        output);
    assertTrue(choice("").output().contains("chosen cuda ("), output);
  }
}

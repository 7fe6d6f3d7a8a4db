package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user sees of a GPU, in processes that have a simulated one. */
class DeviceTest {
  @TempDir private Path folder = Path.of("");
  private Path simulated = Path.of("");

  @BeforeEach
  void requireDevice() {
    simulated = Path.of(System.getProperty("vesalius.root", "..")).resolve("cuda/target/simulated");
    if (!Files.exists(simulated.resolve("libcuda.so.1"))) {
      if (System.getProperty("vesalius.require", "").contains("cuda")) {
        fail("required by -Dvesalius.require: a simulated device in " + simulated);
      }
      Assumptions.abort("needs a simulated device in " + simulated);
    }
  }

  /** A process of its own, with the variables {@code NAME=VALUE} among what it is given. */
  private Execution run(String variables, String... arguments)
      throws IOException, InterruptedException {
    Map<String, String> environment = new HashMap<>();
    for (String variable : variables.isEmpty() ? new String[0] : variables.split(" ", -1)) {
      environment.put(
          "VESALIUS_SIMULATED_" + variable.substring(0, variable.indexOf('=')),
          variable.substring(variable.indexOf('=') + 1));
    }
    return Execution.inNewJvm(
        folder,
        List.of(
            "-Dvesalius.cuda.libraries=" + simulated,
            "-Dvesalius.cuda.image=" + simulated.resolve("image.txt")),
        environment,
        arguments);
  }

  private Execution ask(String variables, String... more) throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(
            List.of("run", "--model", Execution.fixture("qwen2").toString(), "--prompt", "Hello"));
    arguments.addAll(List.of("--max-tokens", "2", "--context", "256"));
    arguments.addAll(Arrays.asList(more));
    return run(variables, arguments.toArray(String[]::new));
  }

  private static void assertContains(String text, String... parts) {
    for (String part : parts) {
      assertTrue(text.contains(part), text);
    }
  }

  @Test
  void doctorShowsEveryDevice() throws IOException, InterruptedException {
    Execution doctor = run("DEVICES=2", "doctor").expect(0);
    assertContains(
        doctor.out(),
        "backend      cuda: works (Simulated device, sm_90, CUDA 12.6, cuBLAS 12)\n",
        "\n             driver for CUDA 12.6",
        "\n             cuBLAS 12.6.0, ",
        "/libcublas.so.12\n",
        "\n             device 0: Simulated device, compute capability 9.0, 4096.0 MiB, ",
        "\n             device 1: Simulated device, compute capability 9.0, 4096.0 MiB, ",
        " MiB free; computes what it should (opened and checked in ");
  }

  @Test
  void doctorSaysWhatIsWrong() throws IOException, InterruptedException {
    Execution none = run("DEVICES=0", "doctor").expect(0);
    assertContains(none.out(), "backend      cuda: does not work: the driver shows no device; see");
    assertFalse(none.out().contains("cuBLAS"), none.out());
    Execution wrong = run("WRONG=vesalius_scale", "doctor").expect(0);
    assertContains(
        wrong.out(),
        "cuda: does not work: device 0, Simulated device, computes wrong numbers and is not used:"
            + " scale (3, 517): expected ",
        "device 0: Simulated device, compute capability 9.0, ");
  }

  @Test
  void theGpuIsChosenWhereTheModelFits() throws IOException, InterruptedException {
    Execution chosen = ask("").expect(0);
    assertContains(chosen.err(), "kernels: cuda (Simulated device, sm_90, CUDA 12.6, cuBLAS 12)");
    Execution small = ask("MEMORY=1000000").expect(0);
    assertContains(
        small.err(),
        "; cuda: about ",
        " are needed and device 0, Simulated device, has 1000000 bytes; take fewer bits");
    assertFalse(small.err().contains("kernels: cuda"), small.err());
    assertFalse(small.out().isBlank(), small.err());
  }

  @Test
  void aDeviceIsChosenByNumber() throws IOException, InterruptedException {
    Execution second = ask("DEVICES=2", "--device", "1").expect(0);
    assertFalse(second.out().isBlank(), second.err());
    assertEquals(
        "vesalius: backend cuda: there is no device 2: the driver shows 2, devices 0 to 1; name one of"
            + " them",
        ask("DEVICES=2", "--device", "2").errorLine(Vesalius.FAILURE));
    // Who names a device gets no other processor instead.
    assertContains(
        ask("MEMORY=1000000", "--device", "0", "--backend", "auto").errorLine(Vesalius.FAILURE),
        "vesalius: backend cuda: about ",
        " are needed and device 0, Simulated device, has 1000000 bytes");
  }

  private Execution split(String variables, String... more)
      throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(
            List.of("run", "--model", Execution.fixture("qwen3").toString(), "--prompt", "Hello"));
    arguments.addAll(List.of("--max-tokens", "2", "--context", "64"));
    arguments.addAll(Arrays.asList(more));
    return run(variables, arguments.toArray(String[]::new));
  }

  /** One device is too small for the model, two are not; or the user names two. */
  @Test
  void layersAreSplitOverDevices() throws IOException, InterruptedException {
    String whole = split("").expect(0).out();
    Execution small = split("DEVICES=3 MEMORY=1300000").expect(0);
    assertContains(
        small.err(),
        "kernels: cuda (Simulated device, sm_90, CUDA 12.6, cuBLAS 12; device 0: layers 0 to 1,"
            + " device 1: layer 2)\n");
    assertEquals(whole, small.out());
    Execution named = split("DEVICES=3", "--device", "2,0").expect(0);
    assertContains(named.err(), "cuBLAS 12; device 2: layer");
    assertEquals(whole, named.out());
    assertEquals(
        "vesalius: backend cuda: 4 devices are named and the model can be split over 3 at most; name"
            + " fewer",
        split("DEVICES=4", "--device", "0,1,2,3").errorLine(Vesalius.FAILURE));
    assertContains(
        split("DEVICES=2", "--device", "1,1").errorLine(Vesalius.BAD_USAGE),
        "vesalius: --device: expected each device once, found [1, 1]");
    assertContains(
        split("DEVICES=2 MEMORY=500000", "--device", "0,1").errorLine(Vesalius.FAILURE),
        "vesalius: backend cuda: about ",
        " are needed and device 0, Simulated device, has 500000 bytes, device 1, Simulated device,"
            + " has 500000 bytes; take fewer bits");
  }
}

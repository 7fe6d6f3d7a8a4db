package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BackendsTest {

  @Test
  void preferredOnesFirst() {
    List<Backend> all = Backends.all();
    List<String> names = all.stream().map(Backend::name).toList();
    assertTrue(names.indexOf("simd") < names.indexOf("reference"), names.toString());
    assertEquals("reference", names.getLast());
    for (int i = 1; i < all.size(); i++) {
      assertTrue(all.get(i - 1).priority() >= all.get(i).priority(), names.toString());
    }
  }

  @Test
  void unknownNamesListTheKnownOnes() {
    BackendUnavailableException e =
        assertThrows(
            BackendUnavailableException.class,
            () -> Backends.open("sind", KernelOptions.defaults()));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains("\"sind\"") && message.contains("simd, reference"), message);
  }

  @Test
  void theReferenceIsAlwaysThere() {
    Backend reference = Backends.all().getLast();
    assertInstanceOf(BackendStatus.Available.class, reference.probe());
    try (Kernels kernels = Backends.open("reference", new KernelOptions(2))) {
      assertEquals("reference (scalar Java, 2 threads)", kernels.description());
    }
  }

  /** A JVM as users start it when they have not read about flags. */
  @Test
  void withoutTheVectorModuleTheReasonNamesTheFlag() throws IOException, InterruptedException {
    String plain = run(List.of());
    assertTrue(plain.contains("auto: reference (scalar Java, 1 threads)"), plain);
    assertTrue(plain.contains("simd: the module jdk.incubator.vector is not there"), plain);
    assertTrue(
        plain.contains("named: backend simd: the module jdk.incubator.vector is not there; start"),
        plain);
    assertTrue(plain.contains("--add-modules jdk.incubator.vector"), plain);
    String flagged = run(List.of("--add-modules", "jdk.incubator.vector"));
    assertTrue(flagged.contains("auto: simd ("), flagged);
    assertTrue(flagged.contains("named: simd ("), flagged);
  }

  /** A device with so much memory, on which nothing is computed. */
  private record SmallDevice(long memory) implements Backend {
    @Override
    public String name() {
      return "device";
    }

    @Override
    public int priority() {
      return 100;
    }

    @Override
    public BackendStatus probe() {
      return new BackendStatus.Available("a device");
    }

    @Override
    public BackendStatus probe(KernelOptions options) {
      return options.bytes() <= memory && options.devices().isEmpty()
          ? probe()
          : new BackendStatus.Unavailable(
              "needs " + options.bytes() + " bytes, has " + memory, Optional.empty());
    }

    @Override
    public Kernels open(KernelOptions options) {
      throw new UnsupportedOperationException("the device was opened");
    }
  }

  /** A device is taken where the model fits, by name only there, and else the next backend. */
  @Test
  void memoryAndDeviceDecide() {
    Backend reference = Backends.all().getLast();
    List<Backend> backends = List.of(new SmallDevice(1000), reference);
    KernelOptions fits = new KernelOptions(1).withBytes(1000);
    KernelOptions large = new KernelOptions(1).withBytes(1001);
    assertThrows(UnsupportedOperationException.class, () -> Backends.open("auto", fits, backends));
    for (KernelOptions options : List.of(large, fits.withDevice(1))) {
      try (Kernels kernels = Backends.open("auto", options, backends)) {
        assertTrue(kernels.description().startsWith("reference"), kernels.description());
      }
    }
    String refusal =
        String.valueOf(
            assertThrows(
                    BackendUnavailableException.class,
                    () -> Backends.open("device", large, backends))
                .getMessage());
    assertEquals("backend device: needs 1001 bytes, has 1000", refusal);
  }

  private static String run(List<String> flags) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Opening.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  /** What that JVM runs. */
  static final class Opening {
    private Opening() {}

    public static void main(String[] arguments) {
      try (Kernels kernels = Backends.open("auto", new KernelOptions(1))) {
        System.out.println("auto: " + kernels.description());
      }
      try (Kernels kernels = Backends.open("simd", new KernelOptions(1))) {
        System.out.println("named: " + kernels.description());
      } catch (BackendUnavailableException e) {
        System.out.println("named: " + e.getMessage());
      }
    }
  }
}

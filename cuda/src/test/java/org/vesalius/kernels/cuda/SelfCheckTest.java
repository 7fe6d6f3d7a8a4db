package org.vesalius.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.BackendsUnderTest;

/** The check that a device has to pass before it is used: it finds every kernel that is wrong. */
class SelfCheckTest {
  private static final Pattern DECLARED = Pattern.compile("vesalius_([a-z0-9_]+)\\(");

  @TempDir Path folder = Path.of("");

  @BeforeEach
  void requireDevice() {
    Simulated.folder();
  }

  @AfterEach
  void wishNothing() {
    Simulated.wrong("");
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
    return all;
  }

  @Test
  void everyKernelThatIsWrongIsFound() throws IOException {
    List<String> missed = new ArrayList<>();
    Map<String, String> found = new LinkedHashMap<>();
    try (CudaKernels kernels = (CudaKernels) BackendsUnderTest.open("cuda", 1)) {
      SelfCheck.run(kernels);
      long start = System.nanoTime();
      SelfCheck.run(kernels);
      System.out.println("one check: " + (System.nanoTime() - start) / 1e6 + " ms");
      for (String kernel : kernels()) {
        Simulated.wrong(kernel);
        try {
          SelfCheck.run(kernels);
          missed.add(kernel);
        } catch (Comparison.WrongResultException e) {
          found.put(kernel, String.valueOf(e.getMessage()));
        }
      }
    }
    System.out.println(found);
    assertEquals(List.of(), missed);
    assertTrue(found.size() > 40, found.toString());
  }
}

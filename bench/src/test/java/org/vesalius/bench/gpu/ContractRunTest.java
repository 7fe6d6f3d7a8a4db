package org.vesalius.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs tests without Maven, and reads what a sanitizer says. */
class ContractRunTest {
  private static final String SAMPLES = Samples.class.getName();
  private static final String BROKEN = Broken.class.getName();

  /** Not found by Maven, because nested classes are not. */
  static class Samples {
    @Test
    void good() {}

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void goodTwice(int number) {
      assertTrue(number > 0);
    }

    @Test
    void bad() {
      fail("on purpose");
    }

    @Test
    @Tag("slow")
    void left() {
      Assumptions.abort("nothing to do it with");
    }
  }

  /** Comes to none of its tests. */
  static class Broken {
    @BeforeAll
    static void prepare() {
      fail("nothing is prepared");
    }

    @Test
    void neverRun() {}
  }

  @Test
  void everyOutcomeIsCounted() {
    ContractRun run = new ContractRun(List.of());
    run.run(new ContractRun.Selection(SAMPLES, ""));
    JsonNode result = run.result(false);
    assertEquals(3, result.path("passed").asInt());
    assertEquals(1, result.path("failed").asInt());
    assertEquals(1, result.path("skipped").asInt());
    assertFalse(result.path("complete").asBoolean(true));
    assertFalse(run.isGood());
    JsonNode of = result.path("classes").path(0);
    assertTrue(of.path("failures").path(0).asText().contains("on purpose"), of::toString);
    assertTrue(of.path("skips").path(0).asText().contains("nothing to do it with"), of::toString);
  }

  @Test
  void oneMethodRunsAlone() {
    ContractRun run = new ContractRun(List.of());
    run.run(ContractRun.Selection.of("ContractRunTest$Samples#goodTwice", List.of(SAMPLES)));
    JsonNode result = run.result(true);
    assertEquals(2, result.path("passed").asInt());
    assertEquals(0, result.path("failed").asInt() + result.path("skipped").asInt());
    assertTrue(run.isGood());
  }

  @Test
  void tagsCanBeLeftOut() {
    ContractRun run = new ContractRun(List.of("slow"));
    run.run(new ContractRun.Selection(SAMPLES, ""));
    JsonNode result = run.result(true);
    assertEquals(3, result.path("passed").asInt());
    assertEquals(0, result.path("skipped").asInt());
  }

  @Test
  void whatPreparesTestsMayFailToo() {
    ContractRun run = new ContractRun(List.of());
    run.run(new ContractRun.Selection(BROKEN, ""));
    assertEquals(1, run.result(true).path("failed").asInt());
    assertFalse(run.isGood());
  }

  @Test
  void noTestsAreNoSuccess() {
    ContractRun run = new ContractRun(List.of());
    run.run(new ContractRun.Selection(SAMPLES, "noSuchMethod"));
    assertFalse(run.isGood());
  }

  @Test
  void classesOfTheContractAreThoseOfItsName(@TempDir Path folder) throws IOException {
    Path jar = folder.resolve("tests.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (String name :
          List.of("a/BContractTest.class", "a/AContractTest.class", "a/ATest.class", "a/C.class")) {
        out.putNextEntry(new JarEntry(name));
        out.closeEntry();
      }
    }
    List<String> classes = ContractRun.classes(jar);
    assertEquals(List.of("a.AContractTest", "a.ATest", "a.BContractTest"), classes);
    assertEquals(List.of("a.AContractTest", "a.BContractTest"), ContractRun.contract(classes));
    ContractRun.Selection one = ContractRun.Selection.of("BContractTest#m", classes);
    assertEquals(new ContractRun.Selection("a.BContractTest", "m"), one);
    assertEquals("BContractTest#m", one.toString());
    assertThrows(
        IllegalArgumentException.class, () -> ContractRun.Selection.of("ContractTest", classes));
  }

  @Test
  void summariesOfTheSanitizer() {
    assertEquals(
        Optional.of(3L),
        SanitizerRun.found(List.of("x", "========= ERROR SUMMARY: 3 errors", "y")));
    assertEquals(
        Optional.of(0L),
        SanitizerRun.found(
            List.of("========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)")));
    assertEquals(Optional.empty(), SanitizerRun.found(List.of("========= COMPUTE-SANITIZER")));
  }
}

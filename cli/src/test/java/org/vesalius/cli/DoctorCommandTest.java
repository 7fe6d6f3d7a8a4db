package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.Backends;

class DoctorCommandTest {

  @Test
  void namesJdkFlagsProcessorMemoryAndBackends() {
    Execution run = Execution.of("doctor").expect(0);
    run.expectPlain();
    assertTrue(run.out().contains(System.getProperty("java.runtime.version")), run.out());
    assertTrue(run.out().contains("--add-modules=jdk.incubator.vector: given"), run.out());
    assertTrue(run.out().contains("memory "), run.out());
    for (Backend backend : Backends.all()) {
      assertTrue(run.out().contains(backend.name() + ": "), run.out());
    }
  }
}

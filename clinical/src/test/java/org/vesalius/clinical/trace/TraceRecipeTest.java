package org.vesalius.clinical.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shell script of docs/traces.md checks a chain with nothing of this library. */
class TraceRecipeTest {
  @TempDir Path folder;

  @Test
  void theScriptOfTheDocumentationWorks() throws IOException, InterruptedException {
    assumeTrue(
        Files.isExecutable(Path.of("/bin/bash"))
            && Files.isExecutable(Path.of("/usr/bin/sha256sum")),
        "needs bash and sha256sum");
    Path script = folder.resolve("check.sh");
    Files.writeString(script, script());
    Path good = folder.resolve("good.json");
    TraceFile.write(SampleTraces.chest(), good, Optional.empty());
    assertEquals(
        TraceFile.lastHash(SampleTraces.chest()),
        output(script, good, 0).lines().reduce((_, b) -> b).orElse(""));
    Path bad = folder.resolve("bad.json");
    Files.writeString(bad, Files.readString(good).replace("No pleural", "A pleural"));
    assertNotEquals(Files.readString(good), Files.readString(bad));
    List<String> lines = Files.readAllLines(good);
    int edited = 0;
    while (!lines.get(edited).contains("No pleural")) {
      edited++;
    }
    String found = output(script, bad, 1);
    assertTrue(found.startsWith("line " + (edited + 1) + ": "), found);
  }

  private static String output(Path script, Path trace, int status)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(List.of("/bin/bash", script.toString(), trace.toString()))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(status, process.waitFor(), output);
    return output;
  }

  private static String script() throws IOException {
    String root = System.getProperty("vesalius.root", "..");
    String page = Files.readString(Path.of(root).resolve("docs/traces.md"));
    int from = page.indexOf("```bash\n") + "```bash\n".length();
    return page.substring(from, page.indexOf("```", from));
  }
}

package org.vesalius.clinical.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.scores.ClinicalScore;
import org.vesalius.clinical.scores.ClinicalScores;
import org.vesalius.runtime.Cancellation;

/**
 * The page on tools: its example compiles and answers as it stands there, and no score is left out.
 */
class OwnToolTest {
  private static final String BEGIN = "```java\nimport ";

  private static String page() throws Exception {
    Path root = Path.of("").toAbsolutePath();
    Path here = root.resolve("docs/tools.md");
    return Files.readString(Files.exists(here) ? here : root.resolve("../docs/tools.md"));
  }

  @Test
  void theExampleRuns(@TempDir Path classes) throws Exception {
    String page = page();
    int start = page.indexOf(BEGIN) + "```java\n".length();
    String example =
        page.substring(start, page.indexOf("```", start))
            .replace("record Half", "public record Half");
    JavaFileObject file =
        new SimpleJavaFileObject(
            URI.create("string:///HalfLifeTool.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return example;
          }
        };
    List<String> options =
        List.of("-d", classes.toString(), "-classpath", System.getProperty("java.class.path"));
    assertTrue(
        ToolProvider.getSystemJavaCompiler()
            .getTask(null, null, null, options, null, List.of(file))
            .call(),
        example);
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {classes.toUri().toURL()}, getClass().getClassLoader())) {
      Tool tool =
          assertInstanceOf(
              Tool.class, loader.loadClass("HalfLifeTool").getDeclaredConstructor().newInstance());
      assertEquals(
          "12.5 percent",
          tool.call(new ToolContext(List.of(), new Cancellation()), Map.of("half_lives", 3))
              .text());
    }
  }

  @Test
  void allScoresAreListed() throws Exception {
    String page = page();
    for (ClinicalScore score : ClinicalScores.all()) {
      assertTrue(page.contains('`' + score.name() + '`'), score.name());
    }
  }
}

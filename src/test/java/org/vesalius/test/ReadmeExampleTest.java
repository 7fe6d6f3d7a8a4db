package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vesalius.demo.DemoModel;

/**
 * The examples in the README and in the documentation of the adapter compile as they stand there
 * and answer, with the demo model's names put in.
 */
class ReadmeExampleTest {

  @ParameterizedTest
  @ValueSource(strings = {"README.md", "docs/langchain4j.md"})
  void theExampleRuns(String page, @TempDir Path classes) throws Throwable {
    String readme = Files.readString(Fixtures.root().resolve(page));
    int start = readme.indexOf("```java\n") + "```java\n".length();
    String example = readme.substring(start, readme.indexOf("```", start));
    String imports =
        example
            .lines()
            .filter(line -> line.startsWith("import "))
            .reduce("", (a, b) -> a + b + "\n");
    String body =
        example
            .lines()
            .filter(line -> !line.startsWith("import "))
            .reduce("", (a, b) -> a + b + "\n");
    try (DemoModel demo = DemoModel.unpack()) {
      assertTrue(
          body.contains("\"Lingshu-7B\"") && body.contains("\"chest.png\""), "names to put in");
      body =
          body.replace("\"Lingshu-7B\"", quoted(demo.directory()))
              .replace("\"chest.png\"", quoted(demo.example("nodule.png")));
      compile(
          imports + "public class Example { public static void run() {\n" + body + "} }", classes);
      assertEquals(
          "Findings: There is a nodule in the left upper zone. No pleural effusion or pneumothorax. The heart size is"
              + " normal.\nImpression: Left upper nodule.\n",
          run(classes));
    }
  }

  private static String quoted(Path path) {
    return '"' + path.toString().replace("\\", "\\\\") + '"';
  }

  private static void compile(String source, Path classes) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    JavaFileObject file =
        new SimpleJavaFileObject(URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    List<String> options =
        List.of("-d", classes.toString(), "-classpath", System.getProperty("java.class.path"));
    assertTrue(compiler.getTask(null, null, null, options, null, List.of(file)).call(), source);
  }

  private static String run(Path classes) throws Throwable {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (var loader = new java.net.URLClassLoader(new java.net.URL[] {classes.toUri().toURL()})) {
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      MethodHandles.publicLookup()
          .findStatic(loader.loadClass("Example"), "run", MethodType.methodType(void.class))
          .invoke();
    } catch (IOException e) {
      throw new AssertionError(e);
    } finally {
      System.setOut(before);
    }
    return out.toString(StandardCharsets.UTF_8);
  }
}

package org.vesalius.bench.gpu;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the contract of the kernels, or other tests, class by class, where there is no Maven. The
 * backend is named by the properties {@code vesalius.backends} and {@code vesalius.require}, as
 * everywhere.
 */
final class ContractRun {
  private static final String CONTRACT = "ContractTest";
  private static final String TEST = "Test";

  private final ObjectNode result = PartFile.JSON.createObjectNode();
  private final ArrayNode classes = result.putArray("classes");
  private final List<String> excludedTags;
  private long passed;
  private long failed;
  private long skipped;

  /**
   * Nothing has run yet.
   *
   * @param excludedTags of tests that are left out
   */
  ContractRun(List<String> excludedTags) {
    this.excludedTags = excludedTags;
  }

  /**
   * What is to run.
   *
   * @param className of a class of tests
   * @param method one of its methods, or empty for all
   */
  record Selection(String className, String method) {

    /**
     * Looks for {@code CLASS} or {@code CLASS#METHOD} among classes.
     *
     * @throws IllegalArgumentException if there is no such class
     */
    static Selection of(String text, List<String> classNames) {
      int mark = text.indexOf('#');
      String simple = mark < 0 ? text : text.substring(0, mark);
      String found =
          classNames.stream()
              .filter(name -> name.equals(simple) || name.endsWith("." + simple))
              .findFirst()
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "expected a test among "
                          + String.join(", ", classNames)
                          + ", found "
                          + text));
      return new Selection(found, mark < 0 ? "" : text.substring(mark + 1));
    }

    @Override
    public String toString() {
      String simple = className.substring(className.lastIndexOf('.') + 1);
      return method.isEmpty() ? simple : simple + "#" + method;
    }
  }

  /** Those of the contract. */
  static List<String> contract(List<String> classes) {
    return classes.stream().filter(name -> name.endsWith(CONTRACT)).toList();
  }

  /** The classes of tests in a jar. */
  static List<String> classes(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream()
          .map(entry -> entry.getName())
          .filter(name -> name.endsWith(TEST + ".class"))
          .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
          .sorted()
          .toList();
    }
  }

  /** Runs one selection and adds it to the result. */
  void run(Selection selection) {
    ObjectNode of = classes.addObject().put("name", selection.toString());
    Counter counter = new Counter();
    long start = System.nanoTime();
    Launcher launcher = LauncherFactory.create();
    launcher.execute(request(selection), counter);
    of.put("passed", counter.passed);
    of.put("failed", counter.failed);
    of.put("skipped", counter.skipped);
    of.put("seconds", (System.nanoTime() - start) / 1e9);
    write(of, "failures", counter.failures);
    write(of, "skips", counter.skips);
    passed += counter.passed;
    failed += counter.failed;
    skipped += counter.skipped;
  }

  private LauncherDiscoveryRequest request(Selection selection) {
    LauncherDiscoveryRequestBuilder request =
        LauncherDiscoveryRequestBuilder.request().selectors(selectClass(selection.className));
    PostDiscoveryFilter wanted =
        descriptor -> FilterResult.includedIf(wanted(selection, descriptor));
    if (!excludedTags.isEmpty()) {
      request.filters(TagFilter.excludeTags(excludedTags));
    }
    return request.filters(wanted).build();
  }

  private static boolean wanted(Selection selection, TestDescriptor descriptor) {
    return selection.method.isEmpty()
        || descriptor
            .getSource()
            .filter(source ->
                source instanceof MethodSource method
                    && !method.getMethodName().equals(selection.method))
            .isEmpty();
  }

  private static void write(ObjectNode of, String key, List<String> lines) {
    if (!lines.isEmpty()) {
      lines.forEach(of.putArray(key)::add);
    }
  }

  /**
   * All that has run so far.
   *
   * @param complete whether that is everything
   */
  ObjectNode result(boolean complete) {
    result.put("complete", complete);
    result.put("passed", passed);
    result.put("failed", failed);
    result.put("skipped", skipped);
    return result;
  }

  /** Whether tests ran and none failed. */
  boolean isGood() {
    return failed == 0 && passed > 0;
  }

  private static final class Counter implements TestExecutionListener {
    private static final int LONGEST = 500;

    private final List<String> failures = new ArrayList<>();
    private final List<String> skips = new ArrayList<>();
    private long passed;
    private long failed;
    private long skipped;

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult finished) {
      switch (finished.getStatus()) {
        case SUCCESSFUL -> passed += test.isTest() ? 1 : 0;
        // Also what prepares tests may fail.
        case FAILED -> {
          failed++;
          failures.add(describe(test, finished));
        }
        case ABORTED -> {
          skipped++;
          skips.add(describe(test, finished));
        }
      }
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
      skipped++;
      skips.add(test.getLegacyReportingName() + ": " + reason);
    }

    private static String describe(TestIdentifier test, TestExecutionResult finished) {
      String why = finished.getThrowable().map(Throwable::toString).orElse("no reason given");
      String text = test.getLegacyReportingName() + ", " + test.getUniqueId() + ": " + why;
      return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
    }
  }
}

package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The arrows between packages that Maven's module dependencies cannot enforce. */
class ImportRulesTest {

  /**
   * A rule.
   *
   * @param from packages that begin so
   * @param except packages that the rule does not hold for
   * @param forbidden must not import what begins so
   */
  private record Rule(String from, List<String> except, String forbidden) {

    Rule(String from, String except, String forbidden) {
      this(from, except.isEmpty() ? List.of() : List.of(except), forbidden);
    }
  }

  /** Who may call native functions. */
  private static final List<String> FOREIGN =
      List.of("org.vesalius.nativekernels", "org.vesalius.kernels.cuda");

  /** Who reads and writes HTML. */
  private static final List<String> JSOUP =
      List.of("org.vesalius.clinical.knowledge", "org.vesalius.clinical.trace");

  private static final String MICROMETER = "org.vesalius.runtime.observe.micrometer";

  private static final List<Rule> RULES =
      List.of(
          new Rule("org.vesalius", "org.vesalius.kernels.simd", "jdk.incubator"),
          new Rule("org.vesalius", "", "sun."),
          new Rule("org.vesalius", "org.vesalius.kernels.cuda", "jcuda"),
          new Rule("org.vesalius", "", "java.lang.reflect"),
          new Rule("org.vesalius", FOREIGN, "java.lang.foreign.Linker"),
          new Rule("org.vesalius", FOREIGN, "java.lang.foreign.SymbolLookup"),
          new Rule("org.vesalius", "org.vesalius.nativekernels", "org.bytedeco"),
          new Rule("org.vesalius", "org.vesalius.nativekernels", "org.vesalius.nativekernels"),
          new Rule("org.vesalius", "org.vesalius.kernels.cuda", "org.vesalius.kernels.cuda"),
          new Rule("org.vesalius.kernels.cuda", "", "org.vesalius.kernels.reference"),
          new Rule("org.vesalius.kernels.cuda", "", "org.vesalius.kernels.simd"),
          new Rule("org.vesalius.nativekernels", "", "org.vesalius.kernels.reference"),
          new Rule("org.vesalius.nativekernels", "", "org.vesalius.kernels.simd"),
          new Rule("org.vesalius.nativekernels", "", "org.vesalius.runtime"),
          new Rule("org.vesalius.loader", "", "org.vesalius.kernels"),
          new Rule("org.vesalius.tokenizer", "", "org.vesalius.loader"),
          new Rule("org.vesalius.kernels", "", "org.vesalius.runtime"),
          new Rule("org.vesalius.runtime", "", "org.vesalius.kernels.reference"),
          new Rule("org.vesalius.runtime", "", "org.vesalius.kernels.simd"),
          new Rule("org.vesalius.runtime", "", "org.vesalius.cli"),
          new Rule("org.vesalius.runtime.layers", "", "org.vesalius.runtime.models"),
          new Rule("org.vesalius.runtime.layers", "", "org.vesalius.runtime.generate"),
          new Rule("org.vesalius.runtime.vision", "", "org.vesalius.runtime.models"),
          new Rule("org.vesalius.runtime.models", "", "org.vesalius.runtime.generate"),
          new Rule("org.vesalius.runtime.generate", "", "org.vesalius.runtime.models.qwen"),
          new Rule("org.vesalius.runtime.answer", "", "org.vesalius.runtime.models"),
          new Rule("org.vesalius.runtime.answer", "", "org.vesalius.runtime.generate"),
          new Rule("org.vesalius.runtime.answer", "", "org.vesalius.kernels"),
          new Rule("org.vesalius.runtime.answer", "", "org.vesalius.tokenizer"),
          new Rule("org.vesalius", MICROMETER, "io.micrometer"),
          new Rule("org.vesalius", MICROMETER, MICROMETER),
          new Rule("org.vesalius", "org.vesalius.runtime.observe", "jdk.jfr"),
          new Rule("org.vesalius.runtime.observe", "", "org.vesalius.runtime.generate"),
          new Rule("org.vesalius.runtime.observe", "", "org.vesalius.runtime.layers"),
          new Rule("org.vesalius.runtime.observe", "", "org.vesalius.runtime.models"),
          new Rule("org.vesalius.runtime.observe", "", "org.vesalius.runtime.prompt"),
          new Rule("org.vesalius.runtime.structured", "", "org.vesalius.kernels"),
          new Rule("org.vesalius.runtime.structured", "", "org.vesalius.loader"),
          new Rule("org.vesalius.runtime.structured", "", "org.vesalius.runtime.models"),
          new Rule("org.vesalius.runtime.structured", "", "org.vesalius.runtime.layers"),
          new Rule("org.vesalius.runtime.structured", "", "org.vesalius.runtime.generate"),
          new Rule("org.vesalius.runtime.structured", "", "org.vesalius.runtime.prompt"),
          new Rule("org.vesalius.runtime.structured", "", "org.vesalius.runtime.vision"),
          new Rule("org.vesalius.runtime.answer", "", "org.vesalius.runtime.structured"),
          new Rule("org.vesalius.runtime.prompt", "", "org.vesalius.runtime.models"),
          new Rule("org.vesalius.runtime.prompt", "", "org.vesalius.kernels"),
          new Rule("org.vesalius", "org.vesalius.langchain4j", "dev.langchain4j"),
          new Rule("org.vesalius.runtime", "", "org.vesalius.clinical"),
          new Rule("org.vesalius.clinical", "", "org.vesalius.kernels"),
          new Rule("org.vesalius.clinical", "", "org.vesalius.loader"),
          new Rule("org.vesalius.clinical", "", "org.vesalius.tokenizer"),
          new Rule("org.vesalius.clinical", "", "org.vesalius.runtime.generate"),
          new Rule("org.vesalius.clinical", "", "org.vesalius.runtime.models"),
          new Rule("org.vesalius.clinical", "", "org.vesalius.cli."),
          new Rule("org.vesalius.clinical.imaging.dicom", "", "org.vesalius.runtime"),
          new Rule("org.vesalius", "org.vesalius.clinical.report.fhir", "ca.uhn"),
          new Rule("org.vesalius", "org.vesalius.clinical.report.fhir", "org.hl7"),
          new Rule("org.vesalius", "org.vesalius.clinical.knowledge", "org.apache.lucene"),
          new Rule("org.vesalius", "org.vesalius.clinical.knowledge", "org.apache.pdfbox"),
          new Rule("org.vesalius", JSOUP, "org.jsoup"),
          new Rule("org.vesalius", "org.vesalius.clinical.knowledge", "org.commonmark"),
          new Rule("org.vesalius.clinical.trace", "", "org.vesalius.clinical.agent"),
          new Rule("org.vesalius.clinical.trace", "", "org.vesalius.clinical.report"),
          new Rule("org.vesalius.clinical.agent", "", "org.vesalius.clinical.report"),
          new Rule("org.vesalius.clinical.agent", "", "org.vesalius.clinical.tools"),
          new Rule("org.vesalius.clinical.tools", "", "org.vesalius.clinical.report"),
          new Rule("org.vesalius.clinical.imaging", "", "org.vesalius.clinical.agent"),
          new Rule("org.vesalius.clinical.knowledge", "", "org.vesalius.clinical.agent"),
          new Rule("org.vesalius.clinical.rubric", "", "org.vesalius.clinical.report"),
          new Rule(
              "org.vesalius.clinical.imaging.geometry", "", "org.vesalius.clinical.imaging.grey"),
          new Rule("org.vesalius.clinical.imaging.grey", "", "org.vesalius.clinical.imaging.dicom"),
          new Rule("org.vesalius.langchain4j", "", "org.vesalius.kernels"),
          new Rule("org.vesalius.langchain4j", "", "org.vesalius.loader"),
          new Rule("org.vesalius.langchain4j", "", "org.vesalius.tokenizer"),
          new Rule("org.vesalius.langchain4j", "", "org.vesalius.demo"),
          new Rule("org.vesalius.langchain4j", "", "org.vesalius.runtime.generate"),
          new Rule("org.vesalius.langchain4j", "", "org.vesalius.runtime.models"));

  @Test
  void noPackageImportsWhatItMayNot() throws IOException {
    List<String> broken = new ArrayList<>();
    int read = 0;
    for (String module :
        List.of(
            "loader",
            "tokenizer",
            "kernels",
            "native",
            "cuda",
            "runtime",
            "demo",
            "langchain4j",
            "clinical",
            "cli")) {
      try (Stream<Path> files =
          Files.walk(Fixtures.root().resolve(module).resolve("src/main/java"))) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          check(file, broken);
          read++;
        }
      }
    }
    assertTrue(read > 50, "expected source files, found " + read);
    assertEquals(List.of(), broken);
  }

  private static void check(Path file, List<String> broken) throws IOException {
    String own = "";
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith("package ")) {
        own = line.substring("package ".length(), line.length() - 1);
      }
      if (line.startsWith("import ")) {
        String imported = line.replace("import static ", "").replace("import ", "");
        for (Rule rule : RULES) {
          boolean excepted = rule.except().stream().anyMatch(own::startsWith);
          if (own.startsWith(rule.from()) && !excepted && imported.startsWith(rule.forbidden())) {
            broken.add(file.getFileName() + " in " + own + " imports " + imported);
          }
        }
      }
    }
  }
}

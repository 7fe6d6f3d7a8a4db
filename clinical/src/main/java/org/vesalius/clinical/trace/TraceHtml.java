package org.vesalius.clinical.trace;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.jsoup.nodes.DataNode;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.DocumentType;
import org.jsoup.nodes.Element;

/**
 * Traces as pages for people: one file, nothing from a network, no scripts. It shows the pictures
 * with their places, the claims of the answer with their evidence, and the steps in order, and says
 * first that none of it is a diagnosis.
 */
public final class TraceHtml {
  /** What every page says first. */
  public static final String NOTICE =
      "Written by a model, for development and research. Not a diagnosis, not for patient care.";

  private static final String POLICY =
      "default-src 'none'; img-src data:; style-src 'unsafe-inline';"
          + " base-uri 'none'; form-action 'none'";
  private static final String STYLE = "trace.css";

  private TraceHtml() {}

  /**
   * Writes a page, all of it or nothing.
   *
   * @param verification what came of checking the trace's file
   * @throws UncheckedIOException if the file cannot be written
   */
  public static void render(DecisionTrace trace, Verification verification, Path file) {
    byte[] page = page(trace, verification).outerHtml().getBytes(StandardCharsets.UTF_8);
    try {
      TraceFile.writeAtomically(page, file);
    } catch (IOException e) {
      throw new UncheckedIOException("page " + file + " cannot be written: " + e, e);
    }
  }

  /**
   * Writes a page, to be stored as UTF-8.
   *
   * @throws UncheckedIOException if {@code out} does not take it
   */
  public static void render(DecisionTrace trace, Verification verification, Appendable out) {
    try {
      out.append(page(trace, verification).outerHtml());
    } catch (IOException e) {
      throw new UncheckedIOException("a page cannot be written", e);
    }
  }

  private static Document page(DecisionTrace trace, Verification verification) {
    Document page = new Document("");
    page.outputSettings().prettyPrint(false).charset(StandardCharsets.UTF_8);
    page.appendChild(new DocumentType("html", "", ""));
    Element html = page.appendElement("html").attr("lang", "en");
    head(html.appendElement("head"));
    Element body = html.appendElement("body");
    HtmlText.add(body, "p", "notice", NOTICE).attr("role", "note");
    Element main = HtmlText.add(body, "main", "");
    HtmlText.add(main, "h1", "", "Decision trace");
    HtmlText.add(
        main,
        "p",
        "quiet",
        "Run %s, begun at %s".formatted(trace.run().id(), trace.run().startedAt()));
    verification(main, verification);
    answer(main, trace.outcome());
    PlaceNumbers numbers = new PlaceNumbers(trace);
    new HtmlClaims(numbers, trace.steps().size()).render(main, trace.claims());
    new HtmlPictures(numbers).render(main, trace.images());
    new HtmlSteps(trace, numbers).render(main);
    run(main, trace.run());
    HtmlText.add(body, "p", "notice", NOTICE).attr("role", "note");
    return page;
  }

  private static void head(Element head) {
    head.appendElement("meta").attr("charset", "utf-8");
    head.appendElement("meta")
        .attr("http-equiv", "Content-Security-Policy")
        .attr("content", POLICY);
    head.appendElement("meta")
        .attr("name", "viewport")
        .attr("content", "width=device-width, initial-scale=1");
    head.appendElement("meta").attr("name", "referrer").attr("content", "no-referrer");
    head.appendElement("title").text("Decision trace");
    head.appendElement("style").appendChild(new DataNode(style()));
  }

  private static String style() {
    try (InputStream in = TraceHtml.class.getResourceAsStream(STYLE)) {
      if (in == null) {
        throw new IllegalStateException("the library's jar has no " + STYLE);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("the library's jar cannot be read", e);
    }
  }

  private static void verification(Element main, Verification verification) {
    Element box =
        HtmlText.add(main, "section", "verification " + (verification.isValid() ? "good" : "bad"));
    String mark = verification.isValid() ? "\u2713 " : "\u2717 ";
    HtmlText.add(box, "p", "", mark + verification.summary());
    HtmlText.add(
        box, "p", "quiet", "This is about the record being unchanged, not about what it says.");
    if (!verification.problems().isEmpty()) {
      Element list = HtmlText.add(box, "ul", "");
      verification.problems().forEach(p -> HtmlText.add(list, "li", "", p.toString()));
    }
    verification
        .lastHash()
        .ifPresent(hash -> HtmlText.add(box, "p", "quiet hash", "Last hash " + hash));
  }

  private static void answer(Element main, TraceEntry.Outcome outcome) {
    Element section = HtmlText.add(main, "section", "").attr("id", "answer");
    HtmlText.add(section, "h2", "", "Answer");
    if (outcome.answer().isEmpty()) {
      HtmlText.add(section, "p", "problem", "There is no answer.");
    } else {
      HtmlText.add(section, "p", "answer", outcome.answer());
    }
    Element table = HtmlText.add(section, "table", "facts");
    HtmlText.fact(table, "Answer from", HtmlText.words(outcome.answerSource()));
    HtmlText.fact(table, "Ended by", outcome.stopReason());
    HtmlText.fact(
        table,
        "Took",
        HtmlText.count(outcome.turns(), "turn") + ", " + HtmlText.duration(outcome.millis()));
    HtmlText.fact(table, "Tools called", calls(outcome.calls()));
    for (String note : outcome.notes()) {
      HtmlText.fact(table, "Note", note);
    }
  }

  private static String calls(Map<String, Integer> calls) {
    return calls.entrySet().stream()
        .map(call -> call.getKey() + " \u00d7" + call.getValue())
        .collect(Collectors.joining(", "));
  }

  private static void run(Element main, TraceEntry.Run run) {
    Element section = HtmlText.add(main, "section", "").attr("id", "run");
    HtmlText.add(section, "h2", "", "Run");
    Element table = HtmlText.add(section, "table", "facts");
    TracedModel model = run.model();
    HtmlText.fact(table, "Model", model.family() + ", " + model.directory());
    HtmlText.fact(table, "Weights", model.weightsSha256());
    HtmlText.fact(table, "Configuration", model.configSha256());
    HtmlText.fact(table, "Tokenizer", model.tokenizerSha256());
    HtmlText.fact(table, "Chat template", model.templateSha256());
    HtmlText.fact(table, "Weight format", model.weightFormat());
    HtmlText.fact(table, "Cache format", model.cacheFormat());
    HtmlText.fact(table, "Backend", run.backend());
    HtmlText.fact(table, "Software", run.software());
    HtmlText.fact(table, "Platform", run.platform());
    details(section, "Task", run.task());
    details(section, "Sampling", run.sampling());
    details(section, "Limits", run.limits());
    details(section, HtmlText.count(run.tools().size(), "tool") + " offered", run.tools());
  }

  private static void details(Element section, String name, Object json) {
    Element details = HtmlText.add(section, "details", "");
    HtmlText.add(details, "summary", "", name);
    HtmlText.add(details, "pre", "", TraceJson.pretty(json));
  }
}

package org.vesalius.clinical.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Attribute;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.select.Elements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.report.Report;

/** Pages show what traces say, and run nothing of it. */
class TraceHtmlTest {
  private static final TraceVerifier VERIFIER = new TraceVerifier();
  private static final Set<String> TAGS =
      Set.of(
          ("html head meta title style body main section article h1 h2 h3 p a span strong div ul ol"
                  + " li table thead tbody tr th td blockquote footer figure figcaption img svg"
                  + " rect circle polygon code pre details summary")
              .split(" "));
  private static final Set<String> ATTRIBUTES =
      Set.of(
          ("lang charset http-equiv content name class id href src alt style role scope viewbox"
                  + " preserveaspectratio aria-hidden x y width height cx cy r points")
              .split(" "));

  /** Ways out of texts, attributes, comments, styles and addresses. */
  static final List<String> ATTACKS =
      List.of(
          "<script>alert(1)</script>",
          "\"><img src=x onerror=alert(1)>",
          "' onmouseover='alert(1)",
          "</style><script>alert(1)</script>",
          "</pre></title><svg onload=alert(1)>",
          "--><script>alert(1)</script><!--",
          "javascript:alert(1)",
          "&lt;script&gt;&#60;script&#62;",
          "<a href=\"https://example.org/\">x</a><link rel=stylesheet href=//example.org>",
          "\u202egnp.exe\u0000\ud800]]>${7*7}{{7*7}}");

  @TempDir Path folder;

  @Test
  void aPageShowsEverythingOfATrace() {
    DecisionTrace trace = SampleTraces.chest();
    Document page = page(trace);
    for (TraceEntry.Claim claim : trace.claims()) {
      Element card = element(page, "claim-" + claim.index());
      assertTrue(card.text().contains(claim.text()), claim.text());
    }
    assertTrue(element(page, "claim-2").text().contains("UNSUPPORTED"));
    assertTrue(element(page, "claim-3").text().contains("unchecked"));
    assertTrue(element(page, "claim-3").text().contains("No evidence"));
    assertTrue(element(page, "claim-4").text().contains("Nodules of 6 mm"));
    for (TraceEntry.Step step : trace.steps()) {
      assertTrue(
          element(page, "step-" + step.index())
              .text()
              .contains(step.text().lines().findFirst().orElse("")));
    }
    assertTrue(element(page, "claim-0").text().contains("Names RID50149 pulmonary nodule"));
    assertTrue(element(page, "step-5").text().contains("Asked about image 0"));
    assertEquals(2, page.select("img").size());
    assertEquals(3, element(page, "image-0").select("svg rect:not(.halo)").size());
    assertEquals(1, element(page, "image-1").select("svg polygon:not(.halo)").size());
    assertTrue(page.text().contains(trace.run().model().weightsSha256()));
    assertTrue(page.text().contains("\u5199\u62a5\u544a"), "scripts of the world stay as they are");
    assertEquals(2, page.select("p.notice").size());
    assertTrue(page.select("p.notice").text().contains("Not a diagnosis"));
    assertEquals(Report.NOTICE, TraceHtml.NOTICE);
  }

  @Test
  void boxesAreWhereTheTraceSaysTheyAre() {
    Element box = element(page(SampleTraces.chest()), "image-0").select("svg rect.c0").getFirst();
    // Within what a double can tell of 336 pixels.
    double tolerance = Math.ulp(336.0);
    List<Double> expected = List.of(107.0, 75.0, 38.0, 38.0);
    List<String> names = List.of("x", "y", "width", "height");
    for (int i = 0; i < names.size(); i++) {
      assertEquals(expected.get(i), Double.parseDouble(box.attr(names.get(i))), tolerance);
    }
  }

  @Test
  void linksPointToSomethingOnThePage() {
    Document page = page(SampleTraces.chest());
    Elements links = page.select("a[href]");
    assertTrue(links.size() > 10);
    for (Element link : links) {
      element(page, link.attr("href").substring(1));
    }
  }

  @Test
  void nothingOfATraceIsRun() {
    for (String attack : ATTACKS) {
      DecisionTrace trace = Hostile.trace(attack);
      String html = html(trace, VERIFIER.verify(TraceFile.bytes(trace, Optional.empty())));
      Document page = Jsoup.parse(html);
      for (Element element : page.getAllElements()) {
        boolean known = element.tagName().equals("#root") || TAGS.contains(element.tagName());
        assertTrue(known, () -> attack + ": " + element.tagName());
        for (Attribute attribute : element.attributes()) {
          String name = attribute.getKey();
          assertTrue(ATTRIBUTES.contains(name), () -> attack + ": attribute " + name);
        }
        assertAddress(element, "src", "data:image/png;base64,[A-Za-z0-9+/=]*");
        assertAddress(element, "href", "#[a-z0-9-]+");
        assertAddress(element, "style", "[a-z:0-9.%;/E-]+");
      }
      assertEquals(1, page.select("style").size());
      assertFalse(page.select("style").getFirst().data().contains("alert"), attack);
      assertFalse(page.select("style").getFirst().data().contains("url("), attack);
      assertFalse(html.contains("\u202e") || html.contains("\u0000"), attack);
      // Every place that holds it shows it, as text.
      String shown = HtmlText.shown(attack).replaceAll("\\s+", " ");
      assertTrue(page.text().split(Pattern.quote(shown), -1).length > 30, attack);
    }
  }

  private static void assertAddress(Element element, String name, String pattern) {
    if (element.hasAttr(name)) {
      assertTrue(element.attr(name).matches(pattern), () -> name + ": " + element.attr(name));
    }
  }

  @Test
  void thePageForbidsItselfTheNetwork() {
    Document page = page(SampleTraces.chest());
    Element policy = page.select("meta[http-equiv=Content-Security-Policy]").getFirst();
    Set<String> rules =
        Set.of(policy.attr("content").split(";")).stream()
            .map(String::strip)
            .collect(Collectors.toSet());
    assertTrue(
        rules.containsAll(
            Set.of("default-src 'none'", "img-src data:", "style-src 'unsafe-inline'")));
    // It must come before what it forbids.
    assertTrue(
        page.head().children().indexOf(policy)
            < page.head().children().indexOf(page.select("style").getFirst()));
  }

  @Test
  void aBrokenTraceIsShownAsBroken() {
    byte[] file = TraceFile.bytes(SampleTraces.chest(), Optional.empty());
    String edited =
        new String(file, StandardCharsets.US_ASCII)
            .replace("No pleural effusion", "A pleural effusion");
    byte[] bytes = edited.getBytes(StandardCharsets.US_ASCII);
    Document page = Jsoup.parse(html(TraceFile.read(bytes, "edited"), VERIFIER.verify(bytes)));
    assertTrue(page.select(".verification.bad").text().contains("NOT VALID"));
    assertTrue(page.select(".verification li").size() >= 2);
  }

  @Test
  void indicesBeyondWhatThereIsAreNoLinks() {
    String file =
        TraceFileTest.text(SampleTraces.chest())
            .replace("\"steps\":[3,5]", "\"steps\":[-1,99]")
            .replace("\"turn\":1", "\"turn\":7")
            .replaceFirst("\"places\":\\[\\{\"image\":0", "\"places\":[{\"image\":9")
            .replaceFirst("\"width\":336", "\"width\":-5")
            .replaceFirst("\"relative\":\\[[0-9.]+", "\"relative\":[\"NaN\"")
            .replace("\"images\":[1]", "\"images\":[-7]");
    byte[] bytes = file.getBytes(StandardCharsets.US_ASCII);
    Document page = Jsoup.parse(html(TraceFile.read(bytes, "edited"), VERIFIER.verify(bytes)));
    for (Element link : page.select("a[href]")) {
      element(page, link.attr("href").substring(1));
    }
  }

  @Test
  void aPictureThatIsNotKeptIsAFrameWithItsPlaces() {
    String file =
        TraceFileTest.text(SampleTraces.chest()).replaceAll("\"png\":\"[^\"]*\"", "\"png\":null");
    byte[] bytes = file.getBytes(StandardCharsets.US_ASCII);
    Document page = Jsoup.parse(html(TraceFile.read(bytes, "edited"), VERIFIER.verify(bytes)));
    assertEquals(0, page.select("img").size());
    assertTrue(element(page, "image-0").text().contains("not kept"));
    assertEquals(3, element(page, "image-0").select("svg rect:not(.halo)").size());
  }

  @Test
  void pagesAreWrittenAsUtf8() throws IOException {
    DecisionTrace trace = SampleTraces.chest();
    Verification verification = VERIFIER.verify(TraceFile.bytes(trace, Optional.empty()));
    Path file = folder.resolve("trace.html");
    TraceHtml.render(trace, verification, file);
    assertEquals(html(trace, verification), Files.readString(file));
  }

  private static Element element(Document page, String id) {
    Element element = page.getElementById(id);
    assertNotNull(element, id);
    return element;
  }

  private static Document page(DecisionTrace trace) {
    return Jsoup.parse(html(trace, VERIFIER.verify(TraceFile.bytes(trace, Optional.empty()))));
  }

  private static String html(DecisionTrace trace, Verification verification) {
    StringBuilder html = new StringBuilder();
    TraceHtml.render(trace, verification, html);
    return html.toString();
  }
}

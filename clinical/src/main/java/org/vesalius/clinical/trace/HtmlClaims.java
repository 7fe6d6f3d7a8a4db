package org.vesalius.clinical.trace;

import java.util.List;
import org.jsoup.nodes.Element;

/** The claims of an answer with what carries them. */
final class HtmlClaims {
  private final PlaceNumbers numbers;
  private final int steps;

  HtmlClaims(PlaceNumbers numbers, int steps) {
    this.numbers = numbers;
    this.steps = steps;
  }

  void render(Element main, List<TraceEntry.Claim> claims) {
    if (claims.isEmpty()) {
      return;
    }
    Element section = HtmlText.add(main, "section", "").attr("id", "claims");
    HtmlText.add(section, "h2", "", "Claims and their evidence");
    counts(section, claims);
    String heading = "";
    for (TraceEntry.Claim claim : claims) {
      if (!claim.section().equals(heading)) {
        heading = claim.section();
        HtmlText.add(section, "h3", "", heading);
      }
      claim(section, claim);
    }
  }

  private static void counts(Element section, List<TraceEntry.Claim> claims) {
    Element line = HtmlText.add(section, "p", "counts");
    for (TraceEntry.Claim.Status status : TraceEntry.Claim.Status.values()) {
      long count = claims.stream().filter(claim -> claim.status() == status).count();
      Element part = HtmlText.add(line, "span", "");
      mark(part, status);
      HtmlText.add(part, "span", "", " " + count + " ");
    }
  }

  private static void mark(Element parent, TraceEntry.Claim.Status status) {
    String text =
        switch (status) {
          case SUPPORTED -> "\u2713 supported";
          case UNSUPPORTED -> "\u2717 UNSUPPORTED";
          case UNCERTAIN -> "? uncertain";
          case UNCHECKED -> "\u2013 unchecked";
        };
    HtmlText.add(parent, "span", "mark " + EntryWriter.name(status), text);
  }

  private void claim(Element section, TraceEntry.Claim claim) {
    Element card =
        HtmlText.add(section, "article", "claim " + EntryWriter.name(claim.status()))
            .attr("id", "claim-" + claim.index());
    Element head = HtmlText.add(card, "p", "head");
    mark(head, claim.status());
    claim
        .support()
        .ifPresent(support ->
            HtmlText.add(head, "span", "quiet", " probability " + HtmlText.percent(support)));
    HtmlText.add(card, "p", "statement", claim.text());
    for (String problem : claim.problems()) {
      HtmlText.add(card, "p", "problem", "\u26a0 " + problem);
    }
    claim.entities().ifPresent(entities -> entities(card, entities));
    evidence(card, claim);
  }

  /** The entities of a dictionary that the statement names. */
  private static void entities(Element card, List<NamedEntity> entities) {
    if (entities.isEmpty()) {
      return;
    }
    Element line = HtmlText.add(card, "p", "quiet", "Names ");
    for (NamedEntity entity : entities) {
      HtmlText.add(line, "code", "", entity.id());
      HtmlText.add(line, "span", "", " " + entity.name() + " ");
    }
  }

  private void evidence(Element card, TraceEntry.Claim claim) {
    if (claim.steps().isEmpty() && claim.places().isEmpty() && claim.sources().isEmpty()) {
      HtmlText.add(card, "p", "quiet", "No evidence is linked: nothing to look at carries it.");
      return;
    }
    numbers.links(card, claim.places());
    quotes(card, claim.sources());
    if (!claim.steps().isEmpty()) {
      Element line = HtmlText.add(card, "p", "carried", "Carried by ");
      for (int step : claim.steps()) {
        if (step >= 0 && step < steps) {
          HtmlText.link(line, "step-" + step, "step " + step);
        } else {
          HtmlText.add(line, "span", "", "step " + step);
        }
        line.appendText(" ");
      }
    }
  }

  /** Passages of documents. */
  static void quotes(Element parent, List<SourceQuote> sources) {
    for (SourceQuote source : sources) {
      Element quote = HtmlText.add(parent, "blockquote", "");
      HtmlText.add(quote, "p", "", source.quote());
      String title = source.title().isEmpty() ? "" : source.title() + ", ";
      HtmlText.add(
          quote,
          "footer",
          "quiet",
          "%s%s, characters %d to %d"
              .formatted(title, source.source(), source.start(), source.end()));
    }
  }
}

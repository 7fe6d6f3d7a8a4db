package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What is new, gone or still there since earlier pictures: each finding is asked about in both, and
 * a sentence made where the model is sure enough of both.
 */
final class PriorComparison {
  private final ReportTemplate template;
  private final ReportOptions options;
  private final SecondLook now;
  private final SecondLook before;
  private final Locator locator;

  PriorComparison(
      ReportTemplate template,
      ReportOptions options,
      SecondLook now,
      SecondLook before,
      Locator locator) {
    this.template = template;
    this.options = options;
    this.now = now;
    this.before = before;
    this.locator = locator;
  }

  /** The sentences; none where the template has no words for them. */
  List<SentenceDraft> sentences() {
    if (template.comparison().isEmpty()) {
      return List.of();
    }
    ReportTemplate.Comparison words = template.comparison().get();
    List<SentenceDraft> sentences = new ArrayList<>();
    for (Finding finding : template.findings()) {
      SecondLook.Seen current = now.see(finding);
      SecondLook.Seen prior = before.see(finding);
      boolean isThere = current.present() > 0.5;
      boolean wasThere = prior.present() > 0.5;
      if (isThere || wasThere) {
        String form = !wasThere ? words.added() : !isThere ? words.gone() : words.same();
        String text = form.replace("{finding}", finding.name());
        sentences.add(
            new SentenceDraft(
                ReportTemplate.Comparison.ID,
                text,
                List.of(),
                List.of(
                    point(finding, "now: " + current.answer(), isThere, current),
                    point(finding, "before: " + prior.answer(), wasThere, prior)),
                isThere ? locator.locate(finding) : List.of(),
                List.of(),
                List.of(),
                List.of(),
                OptionalDouble.empty(),
                OptionalDouble.empty()));
      }
    }
    return sentences;
  }

  private Sentence.KeyPoint point(
      Finding finding, String statement, boolean present, SecondLook.Seen seen) {
    double sure = Math.max(seen.present(), 1 - seen.present());
    Sentence.Verdict verdict = options.verdict(sure);
    return new Sentence.KeyPoint(
        finding.id(),
        statement,
        present,
        finding.question(),
        OptionalDouble.of(sure),
        // Both pictures were asked, so what is not supported is not known.
        verdict == Sentence.Verdict.UNSUPPORTED ? Sentence.Verdict.UNCERTAIN : verdict,
        seen.step());
  }
}

package org.vesalius.clinical.report;

import java.util.List;
import java.util.Optional;

/**
 * What a finding and its site are called in code systems.
 *
 * @param finding codes of the finding, at most one of each system; empty where none says just that
 * @param site codes of where in the body it is, likewise
 */
public record FindingCodes(List<CodedConcept> finding, List<CodedConcept> site) {
  /** No codes. */
  public static final FindingCodes NONE = new FindingCodes(List.of(), List.of());

  /** Copies the lists and checks that no system comes twice. */
  public FindingCodes {
    finding = List.copyOf(finding);
    site = List.copyOf(site);
    for (List<CodedConcept> codes : List.of(finding, site)) {
      if (codes.stream().map(CodedConcept::system).distinct().count() < codes.size()) {
        throw new IllegalArgumentException(
            "codes: expected at most one of each system, found two of the same");
      }
    }
  }

  /** Whether there is none. */
  public boolean isEmpty() {
    return finding.isEmpty() && site.isEmpty();
  }

  /** Of several codes the one of a system, else the first; empty for none. */
  public static Optional<CodedConcept> preferred(
      List<CodedConcept> codes, CodedConcept.Scheme system) {
    return codes.stream()
        .filter(code -> code.system() == system)
        .findFirst()
        .or(() -> codes.stream().findFirst());
  }
}

package org.vesalius.clinical.report;

import java.util.regex.Pattern;

/**
 * A concept of a code system: what a finding or its site is called between systems.
 *
 * @param system that the code is of
 * @param code of the concept, at most 16 characters
 * @param display its meaning in words, at most 64 characters
 */
public record CodedConcept(Scheme system, String code, String display) {
  private static final int CODE_LENGTH = 16;
  private static final int DISPLAY_LENGTH = 64;

  /** Checks the form of the code, and that DICOM can write both texts. */
  public CodedConcept {
    if (code.length() > CODE_LENGTH || !system.form.matcher(code).matches()) {
      throw new IllegalArgumentException(
          "code: expected one of %s such as %s, found \"%s\""
              .formatted(system, system.example, PlainText.shortened(code, 40)));
    }
    if (display.isBlank()
        || display.length() > DISPLAY_LENGTH
        || display.contains("\\")
        || !PlainText.line(display).equals(display)) {
      throw new IllegalArgumentException(
          "display: expected a line of 1 to %d characters without a backslash, found \"%s\""
              .formatted(DISPLAY_LENGTH, PlainText.shortened(display, 80)));
    }
  }

  /** Code systems, by their designators in DICOM (PS3.16, 8). */
  public enum Scheme {
    /** RadLex, of the RSNA. */
    RADLEX("RID\\d{1,8}", "RID5352", "http://radlex.org"),
    /** LOINC. */
    LN("\\d{1,7}-\\d", "59776-5", "http://loinc.org"),
    /**
     * SNOMED CT. Those of its codes that are printed in PS3.16 may be used in DICOM without a
     * licence of their own.
     */
    SCT("\\d{6,16}", "36118008", "http://snomed.info/sct"),
    /** Codes of PS3.16 itself. */
    DCM("\\d{4,6}", "112033", "http://dicom.nema.org/resources/ontology/DCM");

    private final Pattern form;
    private final String example;
    private final String uri;

    Scheme(String form, String example, String uri) {
      this.form = Pattern.compile(form);
      this.example = example;
      this.uri = uri;
    }

    /** The system as FHIR names it. */
    public String uri() {
      return uri;
    }
  }
}

package org.vesalius.clinical.report.fhir;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a report in FHIR says of a patient: nothing, unless it is given here.
 *
 * @param subject reference to the patient, such as {@code Patient/123}; empty for one who is not
 *     identified
 * @param imageIdentifiers whether the unique identifiers of study and image go in, which lead to
 *     the patient for who has the archive, and when the images were made
 * @param snomedCt whether codes of SNOMED CT go in, for which FHIR, unlike DICOM, takes a licence
 *     in most countries
 */
public record FhirOptions(Optional<String> subject, boolean imageIdentifiers, boolean snomedCt) {
  private static final Pattern REFERENCE =
      Pattern.compile("Patient/[A-Za-z0-9.-]{1,64}|urn:uuid:[0-9a-f-]{36}|https?://\\S{1,1000}");

  /** Checks the reference. */
  public FhirOptions {
    if (subject.isPresent() && !REFERENCE.matcher(subject.get()).matches()) {
      throw new IllegalArgumentException(
          "subject: expected a reference such as Patient/123, urn:uuid:… or https://…, found another text");
    }
  }

  /** Nothing of the patient. */
  public static FhirOptions anonymous() {
    return new FhirOptions(Optional.empty(), false, false);
  }

  /** The same for a patient. */
  public FhirOptions withSubject(String reference) {
    return new FhirOptions(Optional.of(reference), imageIdentifiers, snomedCt);
  }

  /** The same with the identifiers of study and images, and their time. */
  public FhirOptions withImageIdentifiers() {
    return new FhirOptions(subject, true, snomedCt);
  }

  /** The same with codes of SNOMED CT, for who may use them. */
  public FhirOptions withSnomedCt() {
    return new FhirOptions(subject, imageIdentifiers, true);
  }
}

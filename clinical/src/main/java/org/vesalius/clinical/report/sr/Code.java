package org.vesalius.clinical.report.sr;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.vesalius.clinical.imaging.dicom.DicomItem;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.imaging.dicom.ValueRepresentation;
import org.vesalius.clinical.report.CodedConcept;
import org.vesalius.clinical.report.FindingCodes;

/**
 * A coded concept (PS3.3 8.8).
 *
 * @param value the code
 * @param scheme that it is of
 * @param meaning in words
 */
record Code(String value, String scheme, String meaning) {
  /** For what no standard has a code. */
  static final String OWN_SCHEME = "99VESALIUS";

  static final Code IMAGING_MEASUREMENT_REPORT = dcm("126000", "Imaging Measurement Report");
  static final Code LANGUAGE = dcm("121049", "Language of Content Item and Descendants");
  static final Code OBSERVER_TYPE = dcm("121005", "Observer Type");
  static final Code DEVICE = dcm("121007", "Device");
  static final Code DEVICE_UID = dcm("121012", "Device Observer UID");
  static final Code DEVICE_NAME = dcm("121013", "Device Observer Name");
  static final Code DEVICE_MODEL = dcm("121015", "Device Observer Model Name");
  static final Code PROCEDURE_REPORTED = dcm("121058", "Procedure reported");
  static final Code IMAGE_LIBRARY = dcm("111028", "Image Library");
  static final Code IMAGE_LIBRARY_GROUP = dcm("126200", "Image Library Group");
  static final Code MODALITY = dcm("121139", "Modality");
  static final Code IMAGING_MEASUREMENTS = dcm("126010", "Imaging Measurements");
  static final Code MEASUREMENT_GROUP = dcm("125007", "Measurement Group");
  static final Code TRACKING_IDENTIFIER = dcm("112039", "Tracking Identifier");
  static final Code TRACKING_UID = dcm("112040", "Tracking Unique Identifier");
  static final Code FINDING = dcm("121071", "Finding");
  static final Code NAMED = own("named", "Finding that is named, absent or not supported");
  static final Code FINDING_SITE = new Code("363698007", "SCT", "Finding Site");
  static final Code IMPRESSION = dcm("121073", "Impression");
  static final Code IMAGE_REGION = dcm("111030", "Image Region");
  static final Code SOURCE_OF_MEASUREMENT = dcm("121112", "Source of Measurement");
  static final Code COMMENT = dcm("121106", "Comment");
  static final Code QUALITATIVE_EVALUATIONS =
      new Code("C0034375", "UMLS", "Qualitative Evaluations");
  static final Code MILLIMETRE = new Code("mm", "UCUM", "mm");
  static final Code PIXELS = new Code("{pixels}", "UCUM", "pixels");
  static final Code SHARE = new Code("{0:1}", "UCUM", "range: 0:1");
  static final Code VERDICT = own("verdict", "Verdict of the second look");
  static final Code PROBABILITY = own("probability", "Probability by the second look");
  static final Code AGREEMENT = own("agreement", "Agreement of further samples");
  static final Code CONTRADICTION = own("contradiction", "What speaks against it");
  static final Code QUOTE = own("quote", "Quoted source");
  static final Code OMISSION = own("omission", "Seen by the second look, named by no sentence");

  /** CID 7470. */
  private static final Map<String, Code> LENGTHS =
      Map.of(
          "width", new Code("103355008", "SCT", "Width"),
          "height", dcm("121207", "Height"),
          "length", new Code("410668003", "SCT", "Length"),
          "distance", dcm("121206", "Distance"),
          "diameter", new Code("81827009", "SCT", "Diameter"));

  /** CID 100 and, where it has none, the concept above them. */
  private static final Map<String, Code> PROCEDURES =
      Map.of(
          "CT", new Code("25045-6", "LN", "CT unspecified body region"),
          "MR", new Code("25056-3", "LN", "MRI unspecified body region"),
          "PT", new Code("44136-0", "LN", "PET unspecified body region"));

  /** CID 29. */
  private static final Map<String, String> MODALITIES =
      Map.ofEntries(
          Map.entry("CR", "Computed Radiography"),
          Map.entry("CT", "Computed Tomography"),
          Map.entry("DX", "Digital Radiography"),
          Map.entry("ES", "Endoscopy"),
          Map.entry("MG", "Mammography"),
          Map.entry("MR", "Magnetic Resonance"),
          Map.entry("NM", "Nuclear Medicine"),
          Map.entry("OP", "Ophthalmic Photography"),
          Map.entry("PT", "Positron emission tomography"),
          Map.entry("RF", "Radiofluoroscopy"),
          Map.entry("SM", "Slide Microscopy"),
          Map.entry("US", "Ultrasound"),
          Map.entry("XA", "X-Ray Angiography"));

  private static Code dcm(String value, String meaning) {
    return new Code(value, "DCM", meaning);
  }

  /** One of our own. */
  static Code own(String value, String meaning) {
    return new Code(value, OWN_SCHEME, meaning);
  }

  /** Of what was measured: the standard's where it has one. */
  static Code length(String name) {
    Code known = LENGTHS.get(name.toLowerCase(Locale.ROOT));
    return known != null ? known : own("measurement", "Measurement");
  }

  /** Of codes for the same the one that DICOM's own context groups have; empty for none. */
  static Optional<Code> of(List<CodedConcept> codes) {
    return FindingCodes.preferred(codes, CodedConcept.Scheme.SCT)
        .map(code -> new Code(code.code(), code.system().name(), code.display()));
  }

  static Code procedure(String modality) {
    Code known = PROCEDURES.get(modality);
    return known != null ? known : new Code("363679005", "SCT", "Imaging procedure");
  }

  static Optional<Code> modality(String modality) {
    return Optional.ofNullable(MODALITIES.get(modality)).map(meaning -> dcm(modality, meaning));
  }

  static Code language(Locale locale) {
    String name = locale.getDisplayLanguage(Locale.ENGLISH);
    String tag = locale.toLanguageTag();
    return new Code(
        tag.length() > 16 ? locale.getLanguage() : tag,
        "RFC5646",
        name.isEmpty() ? "undetermined" : name);
  }

  DicomItem item() {
    return new DicomItem()
        .text(Tag.of(0x0008, 0x0100), ValueRepresentation.SH, value)
        .text(Tag.of(0x0008, 0x0102), ValueRepresentation.SH, scheme)
        .text(Tag.of(0x0008, 0x0104), ValueRepresentation.LO, meaning);
  }
}

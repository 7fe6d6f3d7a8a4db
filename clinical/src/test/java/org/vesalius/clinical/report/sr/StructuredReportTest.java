package org.vesalius.clinical.report.sr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.imaging.DicomBytes;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.report.Report;
import org.vesalius.clinical.report.ReportImage;
import org.vesalius.clinical.report.ReportOutputException;
import org.vesalius.clinical.report.Reports;

class StructuredReportTest {
  private static final Tag CONTENT = Tag.of(0x0040, 0xa730);
  private static final Tag TEXT = Tag.of(0x0040, 0xa160);

  private static DataSet read(Report report) {
    return DicomFile.read(StructuredReport.write(report), "sr").dataSet();
  }

  /** All nodes below one, as lines of relation, type, name and value. */
  private static List<String> tree(DataSet node, String indent) {
    List<String> lines = new ArrayList<>();
    for (DataSet child : node.items(CONTENT)) {
      String relation = child.text(Tag.of(0x0040, 0xa010)).orElse("");
      lines.add(indent + relation + " " + line(child));
      lines.addAll(tree(child, indent + " "));
    }
    return lines;
  }

  private static String line(DataSet node) {
    String type = node.text(Tag.of(0x0040, 0xa040)).orElse("");
    String name =
        node.items(Tag.of(0x0040, 0xa043)).stream()
            .map(StructuredReportTest::code)
            .findFirst()
            .orElse("");
    String value =
        switch (type) {
          case "TEXT" -> node.text(TEXT).orElse("");
          case "CODE" -> code(node.items(Tag.of(0x0040, 0xa168)).getFirst());
          case "UIDREF" -> "uid";
          case "NUM" -> {
            DataSet number = node.items(Tag.of(0x0040, 0xa300)).getFirst();
            yield number.text(Tag.of(0x0040, 0xa30a)).orElse("")
                + " "
                + code(number.items(Tag.of(0x0040, 0x08ea)).getFirst());
          }
          case "SCOORD" ->
              node.text(Tag.of(0x0070, 0x0023)).orElse("")
                  + " "
                  + Arrays.toString(node.numbers(Tag.of(0x0070, 0x0022)));
          case "IMAGE" -> {
            DataSet image = node.items(Tag.of(0x0008, 0x1199)).getFirst();
            yield image.text(Tag.of(0x0008, 0x1155)).orElse("")
                + image.texts(Tag.of(0x0008, 0x1160));
          }
          default -> "";
        };
    return (type + " " + name + " " + value).replaceAll(" +", " ").strip();
  }

  private static String code(DataSet item) {
    return item.text(Tag.of(0x0008, 0x0100)).orElse("")
        + "/"
        + item.text(Tag.of(0x0008, 0x0102)).orElse("");
  }

  @Test
  void ourReaderReadsWhatIsInTheTree() {
    DataSet data = read(Reports.full(Reports.dicomImages()));
    assertEquals(Optional.of("ISO_IR 192"), data.text(Tag.SPECIFIC_CHARACTER_SET));
    assertEquals(Optional.of("Quärkmeyer^Ottilie"), data.text(Tag.of(0x0010, 0x0010)));
    assertEquals(Optional.of("1.2.3"), data.text(Tag.STUDY_INSTANCE_UID));
    assertEquals(Optional.of("SR"), data.text(Tag.MODALITY));
    assertEquals(Optional.of("PARTIAL"), data.text(Tag.of(0x0040, 0xa491)));
    assertEquals(Optional.of("UNVERIFIED"), data.text(Tag.of(0x0040, 0xa493)));
    assertEquals(List.of("1.2.3"), studies(data, Tag.of(0x0040, 0xa375)));
    assertEquals(List.of("1.2.4"), studies(data, Tag.of(0x0040, 0xa385)), "another study");
    List<String> tree = tree(data, "");
    for (String line :
        List.of(
            "HAS CONCEPT MOD CODE 121049/DCM en/RFC5646",
            "HAS OBS CONTEXT CODE 121005/DCM 121007/DCM",
            "HAS CONCEPT MOD CODE 121058/DCM 25045-6/LN",
            "  HAS ACQ CONTEXT CODE 121139/DCM CT/DCM",
            "  CONTAINS IMAGE 1.2.3.3[2]",
            "  CONTAINS IMAGE 1.2.4.3[]",
            " CONTAINS CONTAINER 125007/DCM",
            "  HAS OBS CONTEXT TEXT 112039/DCM nodule",
            "  CONTAINS SCOORD 111030/DCM POLYLINE [1.0, 2.0, 3.5, 2.0, 3.5, 4.25, 1.0, 4.25, 1.0, 2.0]",
            "   SELECTED FROM IMAGE 1.2.3.3[2]",
            "  CONTAINS NUM 103355008/SCT 2.5 mm/UCUM",
            "  CONTAINS NUM 121207/DCM 2.25 mm/UCUM",
            "  CONTAINS NUM 410668003/SCT 5.02493781 {pixels}/UCUM",
            "   INFERRED FROM SCOORD 121112/DCM POLYLINE [0.0, 1.0, 5.0, 1.5]",
            " CONTAINS TEXT 121071/DCM There is a nodule of 2.5 mm in the left upper lobe.",
            "  HAS PROPERTIES CODE verdict/99VESALIUS supported/99VESALIUS",
            "  HAS PROPERTIES NUM probability/99VESALIUS 0.97 {0:1}/UCUM",
            "  INFERRED FROM NUM 103355008/SCT 2.5 mm/UCUM",
            "   SELECTED FROM IMAGE 1.2.4.3[]",
            " CONTAINS TEXT 121071/DCM (empty)",
            " CONTAINS TEXT 121073/DCM 左肺上叶结节，建议随访。No pleural effusion.",
            "  HAS PROPERTIES CODE verdict/99VESALIUS unsupported/99VESALIUS")) {
      assertTrue(tree.contains(line), line + "\n" + String.join("\n", tree));
    }
    assertTrue(tree.contains(" CONTAINS TEXT 121106/DCM " + Report.NOTICE));
  }

  private static List<String> studies(DataSet data, Tag evidence) {
    return data.items(evidence).stream()
        .map(study -> study.text(Tag.STUDY_INSTANCE_UID).orElse(""))
        .toList();
  }

  /** Only what a sentence says is there, and what the second look supports, is a finding. */
  @Test
  void onlyWhatIsSupportedIsACodedFinding() {
    List<String> tree = tree(read(Reports.full(Reports.dicomImages())), "");
    String site = "HAS CONCEPT MOD CODE 363698007/SCT 39607008/SCT";
    assertFollowed(tree, "  CONTAINS CODE 121071/DCM 27925004/SCT", "  " + site, 1);
    assertFollowed(tree, "  CONTAINS CODE named/99VESALIUS 27925004/SCT", "  " + site, 1);
    assertFollowed(tree, "  HAS PROPERTIES CODE 121071/DCM 27925004/SCT", "   " + site, 1);
    assertFollowed(tree, "  HAS PROPERTIES CODE named/99VESALIUS 27925004/SCT", "   " + site, 3);
    assertEquals(
        List.of("supported", "supported", "uncertain"),
        tree.stream()
            .filter(line -> line.startsWith("  CONTAINS CODE verdict"))
            .map(line -> line.replaceAll(".* |/.*", ""))
            .toList(),
        "of each region, the best of the sentences that it carries");
  }

  private static void assertFollowed(List<String> tree, String line, String next, int times) {
    int found = 0;
    for (int i = 0; i + 1 < tree.size(); i++) {
      found += tree.get(i).equals(line) && tree.get(i + 1).equals(next) ? 1 : 0;
    }
    assertEquals(times, found, line + " in " + String.join("\n", tree));
  }

  /** It would be said of the study's time too, which is copied from the image. */
  @Test
  void theOffsetFromUtcIsTheImages() {
    Tag offset = Tag.of(0x0008, 0x0201);
    DataSet without = read(Reports.full(List.of(image(0, Reports.dicom("1.2.3", "CT", 1)))));
    assertEquals(Optional.empty(), without.text(offset));
    assertEquals(Optional.of("030405"), without.text(Tag.of(0x0008, 0x0033)));
    DataSet with =
        read(
            Reports.full(
                List.of(image(0, Reports.dicom("1.2.3", "CT", 1, Map.of(0x0008_0201, "-0530"))))));
    assertEquals(Optional.of("-0530"), with.text(offset));
    assertEquals(Optional.of("20260101"), with.text(Tag.of(0x0008, 0x0023)));
    assertEquals(Optional.of("213405"), with.text(Tag.of(0x0008, 0x0033)));
    assertEquals(Optional.of("101112"), with.text(Tag.of(0x0008, 0x0030)));
  }

  @Test
  void equalReportsGiveEqualFiles() {
    assertArrayEquals(
        StructuredReport.write(Reports.full(Reports.dicomImages())),
        StructuredReport.write(Reports.full(Reports.dicomImages())));
  }

  @Test
  void reportsThatCannotReferToImagesAreRefused() {
    refused(Reports.full(Reports.plainImages()), "expected a current image in DICOM");
    List<ReportImage> earlier =
        List.of(Reports.plainImages().getFirst(), Reports.dicomImages().get(1));
    refused(Reports.full(earlier), "expected a current image in DICOM");
    DicomFile without = DicomFile.read(DicomBytes.grey(1, 1, false, 1).file(), "x");
    refused(Reports.full(List.of(image(0, without))), "SOPClassUID");
    DicomFile other =
        DicomFile.read(
            DicomBytes.grey(1, 1, false, 1)
                .text(0x0008_0016, "UI", "1.2")
                .text(0x0008_0018, "UI", "1.9.3")
                .text(0x0010_0020, "LO", "OTHER-1")
                .text(0x0020_000d, "UI", "1.9")
                .text(0x0020_000e, "UI", "1.9.2")
                .file(),
            "x");
    refused(
        Reports.full(List.of(image(0, Reports.dicom("1.2.3", "CT", 1)), image(1, other))),
        "2 different patient ids");
  }

  private static ReportImage image(int index, DicomFile file) {
    return new ReportImage(index, "x", OptionalInt.empty(), false, Optional.of(file));
  }

  private static void refused(Report report, String part) {
    var e = assertThrows(ReportOutputException.class, () -> StructuredReport.write(report));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(part) && !message.contains("4711"), message);
  }

  /** Files in archives have such identifiers, and a reference must be the same text. */
  @Test
  void identifiersAreReferredToAsTheyAre() {
    Report report = Reports.full(List.of(image(0, Reports.dicom("1.02.003", "MR", 1))));
    List<String> tree = tree(read(report), "");
    assertTrue(tree.contains("  CONTAINS IMAGE 1.02.003.3[]"), tree.toString());
    assertTrue(tree.contains("HAS CONCEPT MOD CODE 121058/DCM 25056-3/LN"), tree.toString());
  }

  /** A picture that is no DICOM is left out, and what was said of it stays. */
  @Test
  void otherPicturesAreNotReferredTo() {
    List<ReportImage> images =
        List.of(Reports.dicomImages().getFirst(), Reports.plainImages().get(1));
    List<String> tree = tree(read(Reports.full(images)), "");
    assertTrue(tree.stream().noneMatch(line -> line.contains("1.2.4")), tree.toString());
    assertTrue(tree.stream().anyMatch(line -> line.contains("nodule of 2.5 mm")), tree.toString());
  }

  @Test
  void dcmtkReadsTheTree(@TempDir Path folder) throws IOException, InterruptedException {
    Path tool = Path.of("/usr/bin/dsrdump");
    assumeTrue(Files.isExecutable(tool), "dsrdump of DCMTK is not installed");
    Path file = folder.resolve("sr.dcm");
    Files.write(file, StructuredReport.write(Reports.full(Reports.dicomImages())));
    Path said = folder.resolve("said.txt");
    Process process =
        new ProcessBuilder(tool.toString(), "+Pl", file.toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    int rc = process.waitFor();
    String text = Files.readString(said, StandardCharsets.UTF_8);
    assertEquals(0, rc, text);
    assertTrue(
        text.contains("Comprehensive SR Document") && text.contains("nodule of 2.5 mm"), text);
    List<String> complaints =
        text.lines()
            .filter(line -> line.startsWith("E: ") || line.startsWith("W: "))
            .filter(
                line -> !line.contains("does not support this Specific Character Set: ISO_IR 192"))
            .toList();
    assertEquals(List.of(), complaints);
  }
}

package org.vesalius.clinical.imaging.dicom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Real files against the pixel hashes of GDCM and DCMTK, and real JPEG-LS streams. */
final class GoldenFilesTest {
  /** Files that contradict themselves, and what is said about them. */
  private static final Map<String, String> BROKEN =
      Map.of(
          "MR_truncated.dcm", "truncated: expected 8192 bytes of value, found 8130",
          "badVR.dcm", "expected a number of PS3.5 6.2, found other text",
          "JPEG2000-embedded-sequence-delimiter.dcm", "frame 0 (JPEG 2000 Image Compression)");

  /** GDCM 3.0.21 mixes up the bytes of these; DCMTK does not. */
  private static final Set<String> OTHER_IN_GDCM =
      Set.of("SC_rgb_rle_16bit.dcm", "SC_rgb_rle_32bit.dcm");

  /** Bits above the highest one hold an overlay or repeat no sign; hashes are of all bits. */
  private static final Set<String> WITH_OTHER_BITS =
      Set.of("ovly_p01.dcm", "J2K_pixelrep_mismatch.dcm");

  private static Path images() {
    String folder = System.getProperty("vesalius.assets");
    assumeTrue(folder != null, "-Dvesalius.assets=DIR names no folder with medical-images");
    return Path.of(String.valueOf(folder), "medical-images");
  }

  @Test
  void realFilesDecodeToTheSamePixels() throws IOException {
    Path images = images();
    JsonNode golden = new ObjectMapper().readTree(images.resolve("dicom-golden.json").toFile());
    List<String> wrong = new ArrayList<>();
    int hashes = 0;
    for (JsonNode entry : golden.get("files")) {
      Path path = images.resolve(entry.get("file").asText());
      String name = String.valueOf(path.getFileName());
      String broken = BROKEN.get(name);
      if (broken != null) {
        var failed = assertThrows(DicomFormatException.class, () -> DicomFile.read(path).frame(0));
        assertTrue(String.valueOf(failed.getMessage()).contains(broken), failed.getMessage());
        continue;
      }
      DicomFile file = DicomFile.read(path);
      assertEquals(entry.get("transfer_syntax").asText(), file.transferSyntax().uid(), name);
      List<StoredFrame> frames = TinyFile.frames(file);
      for (var oracle : entry.get("decoded_sha256").properties()) {
        JsonNode said = oracle.getValue();
        String photometric = said.get("photometric").asText();
        if (WITH_OTHER_BITS.contains(name)
            || (OTHER_IN_GDCM.contains(name) && oracle.getKey().equals("gdcm"))) {
          continue;
        }
        hashes++;
        String digest =
            TinyFile.digest(
                frames,
                said.get("bits_allocated").asInt(),
                said.get("planar").asInt() == 1,
                photometric.endsWith("_422"));
        boolean same =
            digest.equals(said.get("sha256").asText())
                && photometric.replace("_422", "").equals(frames.get(0).photometric());
        if (!same) {
          wrong.add(name + " " + oracle.getKey());
        }
      }
    }
    assertEquals(List.of(), wrong);
    assertEquals(220, hashes);
  }

  /** Bits beside the stored ones are left out; those stored are as in the file. */
  @Test
  void overlaysInPixelsAreMasked() {
    DicomFile file = DicomFile.read(images().resolve("dicom/dcm4che/ovly_p01.dcm"));
    long[] cells = file.dataSet().integers(Tag.PIXEL_DATA);
    int[] samples = file.frame(0).samples();
    boolean overlaid = false;
    for (int i = 0; i < samples.length; i++) {
      assertEquals(cells[i] & 0xfff, samples[i]);
      overlaid |= cells[i] != samples[i];
    }
    assertTrue(overlaid);
  }

  /** Of pydicom 2.3.1, {@code apply_color_lut}: first frame, words in little endian order. */
  @Test
  void palettesGiveTheColoursOfPydicom() {
    Map<String, String> hashes =
        Map.of(
            "pydicom/examples_palette.dcm", "6c168741cfbeaf8a",
            "cornerstone/no-pixel-spacing.dcm", "9646f48c4f5ad31d",
            "dcm4che/US-PAL-8-10x-echo", "77c459c907ff9422");
    hashes.forEach((name, hash) -> {
      DicomFile file = DicomFile.read(images().resolve("dicom").resolve(name));
      StoredFrame colours = file.palette().orElseThrow().apply(file.frame(0));
      assertTrue(TinyFile.digest(List.of(colours), 16, false, false).startsWith(hash), name);
    });
  }

  @Test
  void filesWithoutPixelsAreReadOrRefusedClearly() throws IOException {
    Set<String> refused =
        Set.of(
            "no_meta.dcm",
            "rtplan_truncated.dcm",
            "zipMR.gz",
            "crayons.icc",
            "README",
            "README.txt",
            "rtplan.dump",
            "rtstruct.dump",
            "test1.json",
            "test_PN.json",
            "metadata",
            "CTImageOddAligned.dat",
            "CTImageEvenAligned.dat",
            "MR_truncated.dcm",
            "meta_missing_tsyntax.dcm",
            "DICOMDIR-nooffset");
    try (Stream<Path> files = Files.walk(images().resolve("dicom"))) {
      for (Path path : files.filter(Files::isRegularFile).toList()) {
        String name = String.valueOf(path.getFileName());
        if (refused.contains(name)) {
          var e = assertThrows(DicomFormatException.class, () -> DicomFile.read(path), name);
          assertTrue(String.valueOf(e.getMessage()).length() < 400);
        } else {
          DicomFile file = DicomFile.read(path);
          assertFalse(file.toString().isEmpty());
          Deidentification.copy(file.dataSet());
        }
      }
    }
  }

  @Test
  void jpegLsConformanceStreamsDecode() throws IOException {
    Path folder = images().resolve("jpeg-ls-14495");
    JpegLsDecoder.Plane[] byPlane = decode(folder, "T8C0E0.JLS");
    for (String other : List.of("T8C1E0.JLS", "T8C2E0.JLS")) {
      assertNear(0, byPlane, decode(folder, other));
    }
    for (String near : List.of("T8C0E3.JLS", "T8C1E3.JLS", "T8C2E3.JLS")) {
      assertNear(3, byPlane, decode(folder, near));
    }
    JpegLsDecoder.Plane[] halved = decode(folder, "T8NDE0.JLS");
    assertNear(3, halved, decode(folder, "T8NDE3.JLS"));
    assertNear(3, decode(folder, "T16E0.JLS"), decode(folder, "T16E3.JLS"));
    JpegLsDecoder.Plane[] subsampled = decode(folder, "T8SSE0.JLS");
    assertNear(0, byPlane[0], subsampled[0]);
    assertEquals(64, subsampled[1].height());
    assertNear(0, halved[0], subsampled[2]);
    assertNear(3, subsampled, decode(folder, "T8SSE3.JLS"));
    // Hashes of what CharLS 2.4 decodes; it does not decode the subsampled ones.
    assertEquals(0xa2b79fc2, hash(decode(folder, "T16E0.JLS")[0]));
    assertEquals(0x9c06d267, hash(decode(folder, "T16E3.JLS")[0]));
    assertEquals(0x9abec8c3, hash(byPlane[0]));
    assertEquals(0x2d35bf57, hash(decode(folder, "T8C2E3.JLS")[0]));
    assertEquals(0xc7fe7fa6, hash(halved[0]));
    assertEquals(0x764cd48b, hash(decode(folder, "T8NDE3.JLS")[0]));
  }

  private static JpegLsDecoder.Plane[] decode(Path folder, String name) throws IOException {
    return JpegLsDecoder.decode(Files.readAllBytes(folder.resolve(name)), 1 << 16);
  }

  private static int hash(JpegLsDecoder.Plane plane) {
    return java.util.Arrays.hashCode(plane.samples());
  }

  private static void assertNear(
      int error, JpegLsDecoder.Plane[] expected, JpegLsDecoder.Plane[] found) {
    assertEquals(expected.length, found.length);
    for (int c = 0; c < expected.length; c++) {
      assertNear(error, expected[c], found[c]);
    }
  }

  private static void assertNear(
      int error, JpegLsDecoder.Plane expected, JpegLsDecoder.Plane found) {
    assertEquals(expected.samples().length, found.samples().length);
    int most = 0;
    for (int i = 0; i < expected.samples().length; i++) {
      most = Math.max(most, Math.abs(expected.samples()[i] - found.samples()[i]));
    }
    assertEquals(error, most);
  }
}

package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.demo.DemoModel;

/** DICOM and NIfTI as pictures of a request, and the way back of the places in the answer. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // unpacked before all tests
class MedicalRunTest {
  private static final String BOX = "[{\"bbox_2d\": [99, 50, 113, 68], \"label\": \"nodule\"}]";

  @TempDir private Path folder = Path.of("");
  private DemoModel demo;
  private int width;
  private int height;
  private int[] grey;

  @BeforeAll
  void unpack() throws IOException {
    demo = DemoModel.unpack();
    BufferedImage nodule = ImageIO.read(demo.example("nodule.png").toFile());
    width = nodule.getWidth();
    height = nodule.getHeight();
    grey = new int[width * height];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = nodule.getRaster().getSample(i % width, i / width, 0);
    }
  }

  @AfterAll
  void remove() {
    demo.close();
  }

  private Execution ask(String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "run",
                "--model",
                demo.directory().toString(),
                "--backend",
                "reference",
                "--prompt",
                "Where is the nodule?"));
    args.addAll(List.of(more));
    return Execution.of(args.toArray(String[]::new));
  }

  private Path ct() throws IOException {
    short[] pixels = new short[grey.length];
    for (int i = 0; i < grey.length; i++) {
      pixels[i] = (short) (grey[i] + 1000);
    }
    return MedicalFiles.ct(folder.resolve("scan.dcm"), width, height, 70, pixels);
  }

  /** The window in which the numbers of the drawing are shown as they are: -24 to 231 HU. */
  private static final String WHOLE = "104/256";

  @Test
  void boxesOfDicomAreInPixelsMillimetresAndThePatient() throws IOException {
    JsonNode json =
        ask("--image", ct().toString(), "--window", WHOLE, "--format", "json").expect(0).json();
    assertEquals(BOX, json.get("text").asText());
    JsonNode region = json.get("regions").get(0);
    assertEquals("[198.0,100.0,226.0,136.0]", region.get("box").toString());
    assertEquals("[99.0,50.0,113.0,68.0]", region.get("box_mm").toString());
    assertEquals("in the patient", region.get("mm_are").asText());
    assertEquals(1, region.get("frame").asInt());
    // The centre of the first pixel is at -100, -50, 70.
    assertEquals(
        "[[-1.25,-0.25,70.0],[12.75,17.75,70.0]]", region.get("patient_lps_mm").toString());
    JsonNode picture = json.get("pictures").get(0);
    assertEquals("DICOM file", picture.get("kind").asText());
    assertEquals("centre 104, width 256", picture.get("window").asText());
    assertFalse(json.toString().contains("DOE"), json.toString());
  }

  @Test
  void slicesThatWereTurnedGiveBoxesAsTheyAreStored() throws IOException {
    // The front is at the top when it is looked at, and the last row in the file.
    byte[] voxels = new byte[3 * grey.length];
    for (int i = 0; i < grey.length; i++) {
      voxels[2 * grey.length - 1 - i] = (byte) grey[i];
    }
    Path volume = MedicalFiles.volume(folder.resolve("a.nii"), width, height, 3, voxels);
    Execution run = ask("--image", volume.toString(), "--window", "127.5/256", "--format", "json");
    JsonNode json = run.expect(0).json();
    assertEquals(BOX, json.get("text").asText());
    JsonNode region = json.get("regions").get(0);
    double right = width - 198.0;
    double bottom = height - 100.0;
    String expected = "[%s,%s,%s,%s]".formatted(right - 28, bottom - 36, right, bottom);
    assertEquals(expected, region.get("box").toString());
    assertEquals(expected, region.get("box_mm").toString());
    assertEquals(2, region.get("frame").asInt(), "the middle one");
    JsonNode patient = region.get("patient_ras_mm");
    assertEquals(right - 28 - 0.5, patient.get(0).get(0).asDouble());
    assertEquals(1, patient.get(0).get(2).asDouble());
  }

  @Test
  void textSaysWhichFrameAndWindow() throws IOException {
    Path overlay = folder.resolve("boxes.png");
    Execution run =
        ask("--image", ct().toString(), "--window", WHOLE, "--overlay", overlay.toString())
            .expect(0);
    run.expectPlain();
    List<String> lines = run.err().lines().toList();
    assertEquals(
        "picture 1: DICOM file, frame 1 of 1, centre 104, width 256 (chosen)", lines.get(0));
    assertEquals("box 198,100,226,136: nodule", lines.get(1));
    BufferedImage drawn = ImageIO.read(overlay.toFile());
    int line = drawn.getRGB(212, 100);
    assertTrue((line >> 16 & 0xff) > 200 && (line & 0xff) < 60, Integer.toHexString(line));
    int bar = drawn.getRGB(20, height - 14);
    assertEquals(0xffffff, bar & 0xffffff, "the scale bar");
  }

  @Test
  void severalFramesAreSeveralPictures() throws IOException {
    Path volume = MedicalFiles.volume(folder.resolve("b.nii"), 32, 32, 4, new byte[4096]);
    JsonNode json =
        ask("--image", volume.toString(), "--frame", "2-3", "--max-tokens", "1", "--format", "json")
            .expect(0)
            .json();
    assertEquals(2, json.get("pictures").size());
    assertEquals(3, json.get("pictures").get(1).get("frame").asInt());
    String error = ask("--image", volume.toString(), "--frame", "5").errorLine(Vesalius.FAILURE);
    assertTrue(error.contains("expected 1 to 4, found 5"), error);
  }

  @Test
  void aFolderOfSeveralSeriesAndBrokenFilesAreOneLine() throws IOException {
    Path broken = Files.writeString(folder.resolve("broken.dcm"), "nothing");
    String error = ask("--image", broken.toString()).errorLine(Vesalius.FAILURE);
    assertTrue(error.contains("broken.dcm"), error);
    Path two = Files.createDirectory(folder.resolve("two"));
    MedicalFiles.ct(two.resolve("a"), "1.2.3", 1, 1, 0, (short) 0);
    MedicalFiles.ct(two.resolve("b"), "1.2.4", 1, 1, 0, (short) 0);
    assertTrue(
        ask("--image", two.toString()).errorLine(Vesalius.FAILURE).contains("holds 2 series"));
    String ordinary =
        ask("--image", demo.example("nodule.png").toString(), "--window", "lung")
            .errorLine(Vesalius.FAILURE);
    assertTrue(ordinary.contains("there is none"), ordinary);
  }
}

package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ViewCommandTest {

  @TempDir private Path folder = Path.of("");

  private Path ct() throws IOException {
    // -160, 40 and 240 HU, and far below and above.
    return MedicalFiles.ct(
        folder.resolve("scan.dcm"), 3, 2, 0, s(0), s(864), s(1064), s(1264), s(4000), s(1064));
  }

  private static short s(int value) {
    return (short) value;
  }

  private Execution view(Path path, String... more) {
    String[] args =
        Stream.concat(
                Stream.of("view", path.toString(), "--out", out().toString()), Stream.of(more))
            .toArray(String[]::new);
    return Execution.of(args);
  }

  private Path out() {
    return folder.resolve("pictures");
  }

  private List<String> written() throws IOException {
    try (Stream<Path> files = Files.list(out())) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  private int[] pixels(String name) throws IOException {
    BufferedImage image = ImageIO.read(out().resolve(name).toFile());
    int[] grey = new int[image.getWidth() * image.getHeight()];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = image.getRaster().getSample(i % image.getWidth(), i / image.getWidth(), 0);
    }
    return grey;
  }

  @Test
  void factsAndTheWindowedPicture() throws IOException {
    Execution run = view(ct()).expect(0);
    run.expectPlain();
    assertEquals("", run.err());
    for (String fact :
        List.of(
            "kind                        DICOM file",
            "modality                    CT",
            "columns                     3",
            "windows                     centre 40, width 400",
            "pixel spacing mm            0.5 x 0.5")) {
      assertTrue(run.out().contains(fact), run.out());
    }
    assertTrue(run.out().contains("centre 40, width 400 (the file's own)"), run.out());
    assertFalse(run.out().contains("DOE"), run.out());
    assertEquals(List.of("frame-0001.png"), written());
    // (value - 39.5) / 399 + 0.5 of 255.
    int[] pixels = pixels("frame-0001.png");
    assertEquals(
        List.of(0, 0, 128, 255, 255, 128), java.util.Arrays.stream(pixels).boxed().toList());
  }

  @Test
  void jsonHasTheSameFacts() throws IOException {
    JsonNode json = view(ct(), "--format", "json", "--window", "lung").expect(0).json();
    JsonNode image = json.get("images").get(0);
    assertEquals("DICOM file", image.get("kind").asText());
    assertEquals(1, image.get("frames").asInt());
    assertEquals("[0.5,0.5]", image.get("pixel_spacing_mm").toString());
    assertEquals("unknown", image.get("burned_in_text").asText());
    JsonNode picture = image.get("pictures").get(0);
    assertEquals("centre -600, width 1500", picture.get("window").asText());
    assertEquals("chosen: lung", picture.get("window_reason").asText());
    assertEquals(1, picture.get("frame").asInt());
    assertTrue(Files.exists(Path.of(picture.get("file").asText())));
  }

  @Test
  void windowsAndPresets() throws IOException {
    view(ct(), "--window", "0/2").expect(0);
    int[] pixels = pixels("frame-0001.png");
    assertEquals(0, pixels[1]);
    assertEquals(255, pixels[2]);
    view(ct(), "--window", "ct-rgb").expect(0);
    BufferedImage colours = ImageIO.read(out().resolve("frame-0001.png").toFile());
    // 40 HU: (40 + 1225) / 2250, half, half of 255.
    assertEquals(0x8f8080, colours.getRGB(2, 0) & 0xffffff);
  }

  @Test
  void volumesAndFoldersHaveManyPictures() throws IOException {
    Path volume =
        MedicalFiles.volume(
            folder.resolve("a.nii"), 2, 2, 3, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    JsonNode json = view(volume, "--frame", "2-3", "--format", "json").expect(0).json();
    assertEquals("RAS", json.get("images").get(0).get("axes").asText());
    assertEquals(List.of("frame-0002.png", "frame-0003.png"), written());
    Execution text = view(volume).expect(0);
    assertFalse(text.out().contains("DOE"), text.out());
    assertEquals(3, written().size());

    Path series = Files.createDirectory(folder.resolve("series"));
    for (int i = 0; i < 3; i++) {
      MedicalFiles.ct(series.resolve("f" + i), 1, 1, 10 - i, s(1000 + i));
    }
    JsonNode slices = view(series, "--format", "json").expect(0).json().get("images").get(0);
    assertEquals("DICOM series", slices.get("kind").asText());
    assertEquals(3, slices.get("pictures").size());
    assertEquals(1.0, slices.get("slice_spacing_mm").asDouble());
  }

  @Test
  void tooManyFramesAreAFailure() throws IOException {
    String error = view(ct(), "--frame", "2").errorLine(Vesalius.FAILURE);
    assertTrue(error.contains("--frame: expected 1, as there is one picture, found 2"), error);
  }

  @Test
  void aScaleBarMayBeDrawn() throws IOException {
    view(MedicalFiles.ct(folder.resolve("b.dcm"), 200, 200, 0, new short[40_000]), "--scale-bar")
        .expect(0);
    int white = 0;
    for (int pixel : pixels("frame-0001.png")) {
      white += pixel == 255 ? 1 : 0;
    }
    assertTrue(white > 100, "white pixels: " + white);
  }

  @Test
  void whatCannotBeShownIsOneLine() throws IOException {
    Path text = Files.writeString(folder.resolve("a.txt"), "no picture");
    assertTrue(view(text).errorLine(1).contains("found something else"));
    String broken = view(Files.writeString(folder.resolve("a.dcm"), "no DICOM")).errorLine(1);
    assertTrue(broken.contains("a.dcm"), broken);
    assertTrue(view(folder.resolve("none.dcm")).errorLine(1).contains("no such file"));
    Path cut = folder.resolve("cut.dcm");
    byte[] whole = Files.readAllBytes(ct());
    Files.write(cut, java.util.Arrays.copyOf(whole, whole.length - 3));
    assertTrue(view(cut).errorLine(1).contains("cut.dcm"));
    assertTrue(view(ct(), "--window", "#7").errorLine(1).contains("#7"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "view",
        "view a b",
        "view a --window wide",
        "view a --window 40/0",
        "view a --frame 0",
        "view a --frame 5-3",
        "view a --frame first",
        "view a --format png",
        "view a --mask everything",
        "view a --mask 4,4,4,8",
        "run --model x --prompt y --mask 0,0,1,1",
        "run --model x --prompt y --image a.dcm --mask 1,2,3",
        "report --model x --image a.dcm --mask 1,2,3",
        "run --model x --prompt y --window 40/400",
        "run --model x --prompt y --frame 3",
        "run --model x --prompt y --image a.dcm --window huge",
        "run --model x --prompt y --image a.dcm --frame -1"
      })
  void badUsageIsOneLineAndExitCode2(String line) {
    String error = Execution.of(line.split(" ", -1)).errorLine(Vesalius.BAD_USAGE);
    assertTrue(error.endsWith(" --help"), error);
  }
}

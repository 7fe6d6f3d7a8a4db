package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.demo.DemoModel;

/** A name in bright letters above an ultrasound picture, and who gets to see it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // unpacked before all tests
class BurnedInTextTest {
  /** Rows above what was measured. */
  private static final int BANNER = 28;

  private static final int LETTER = 3;
  private static final int LEFT = 12;
  private static final int TOP = 4;

  /** Letters of 5 by 7, a row after the other. */
  private static final Map<Character, String> LETTERS =
      Map.of(
          'D', "11110 10001 10001 10001 10001 10001 11110",
          'O', "01110 10001 10001 10001 10001 10001 01110",
          'E', "11111 10000 10000 11110 10000 10000 11111",
          'R', "11110 10001 10001 11110 10100 10010 10001");

  /** One finding is enough to have all files. */
  private static final String TEMPLATE =
      """
      name: short
      language: en
      prompt: Write a report.
      frontal: true
      answer:
        regex: 'Findings: [^\\n]+\\nImpression: [^\\n]+'
      sections:
        - {id: findings, title: Findings, heading: 'Findings:'}
        - {id: impression, title: Impression, heading: 'Impression:'}
      attributes:
        side: {right: [right]}
        zone: {upper: [upper]}
      negations: ['no']
      findings:
        - id: nodule
          terms: [nodule]
          question: Is there a nodule?
          absent: 'No.'
          present: 'Yes, in the {side} {zone} zone.'
          locate: Where is the nodule?
      """;

  private static final Pattern PNG = Pattern.compile("iVBORw0KGgo[A-Za-z0-9+/]+=*");

  @TempDir private Path folder = Path.of("");
  private DemoModel demo;
  private int side;
  private Path template = Path.of("");
  private Path doe = Path.of("");
  private Path roe = Path.of("");

  @BeforeAll
  void write(@TempDir Path files) throws IOException {
    // Not the field: of that each test has its own.
    demo = DemoModel.unpack();
    BufferedImage drawing = ImageIO.read(demo.example("several.png").toFile());
    template = Files.writeString(files.resolve("short.yaml"), TEMPLATE);
    side = drawing.getWidth();
    doe = scan(files, drawing, "DOE");
    roe = scan(files, drawing, "ROE");
  }

  @AfterAll
  void remove() {
    demo.close();
  }

  private Path scan(Path files, BufferedImage drawing, String name) throws IOException {
    int[] pixels = new int[side * side];
    for (int i = 0; i < pixels.length; i++) {
      int x = i % side;
      int y = i / side;
      int letter = isLetter(name, x, y) ? 255 : 0;
      pixels[i] = y < BANNER ? letter : drawing.getRaster().getSample(x, y, 0);
    }
    return MedicalFiles.ultrasound(files.resolve(name + ".dcm"), side, side, BANNER, pixels);
  }

  private static boolean isLetter(String name, int x, int y) {
    int column = (x - LEFT) / LETTER;
    int row = (y - TOP) / LETTER;
    if (x < LEFT || y < TOP || row >= 7 || column >= 6 * name.length() || column % 6 == 5) {
      return false;
    }
    String letter = LETTERS.getOrDefault(name.charAt(column / 6), "");
    return letter.split(" ", -1)[row].charAt(column % 6) == '1';
  }

  /** Whether a picture as large as the file has the name in it. */
  private static boolean shows(BufferedImage picture, String name) {
    int wrong = 0;
    for (int y = 0; y < BANNER; y++) {
      for (int x = 0; x < LEFT + 6 * LETTER * name.length(); x++) {
        boolean bright = (picture.getRGB(x, y) >> 8 & 0xff) > 128;
        wrong += bright == isLetter(name, x, y) ? 0 : 1;
      }
    }
    return wrong == 0;
  }

  private static boolean isBlackAbove(BufferedImage picture) {
    for (int y = 0; y < BANNER; y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        if ((picture.getRGB(x, y) & 0xffffff) != 0) {
          return false;
        }
      }
    }
    return true;
  }

  /** All pictures of a folder by where they are: PNG files, and those inside of other files. */
  private static Map<String, BufferedImage> pictures(Path folder) throws IOException {
    Map<String, BufferedImage> pictures = new TreeMap<>();
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      byte[] bytes = Files.readAllBytes(file);
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      assertFalse(text.contains("DOE^"), file.toString());
      if (file.toString().endsWith(".png")) {
        pictures.put(file.getFileName().toString(), ImageIO.read(file.toFile()));
      }
      Matcher inside = PNG.matcher(text);
      while (inside.find()) {
        byte[] png = Base64.getDecoder().decode(inside.group());
        pictures.put(
            file.getFileName() + " at " + pictures.size(),
            ImageIO.read(new ByteArrayInputStream(png)));
      }
    }
    return pictures;
  }

  private static List<Integer> pixels(BufferedImage picture) {
    int width = picture.getWidth();
    int[] rgb = picture.getRGB(0, 0, width, picture.getHeight(), null, 0, width);
    return Arrays.stream(rgb).boxed().toList();
  }

  private Execution report(Path scan, String to, String... more) {
    List<String> arguments = new ArrayList<>(List.of("report", "--model", "demo"));
    arguments.addAll(List.of("--template", template.toString(), "--backend", "native"));
    arguments.addAll(List.of("--image", scan.toString(), "--out", folder.resolve(to).toString()));
    arguments.addAll(List.of(more));
    return Execution.of(arguments.toArray(String[]::new)).expect(0);
  }

  @Test
  void aReportLeavesThePicturesOut() throws IOException {
    Path out = Files.createDirectory(folder.resolve("default"));
    Files.write(out.resolve("overlay-1.png"), new byte[] {1}); // of an earlier report
    Execution run = report(doe, "default");
    run.expectPlain();
    assertEquals(Map.of(), pictures(out));
    String page = Files.readString(out.resolve("trace.html"));
    assertTrue(page.contains("The picture is left out: "), page);
    assertTrue(page.contains("--mask regions"), page);
    String err = run.err();
    assertTrue(
        err.contains(
            "DOE.dcm: pictures of this kind often have text burned in, which may name the patient;"
                + " the report may repeat it; --mask regions blacks out"),
        err);
    assertTrue(err.contains("no overlay-1.png"), err);
    assertFalse(err.contains("wrote " + out.resolve("overlay-1.png")), err);
  }

  @Test
  void aMaskedReportIsTheSameWhateverTheNameIs() throws IOException {
    Execution one = report(doe, "masked", "--mask", "regions");
    Execution other = report(roe, "other", "--mask", "0,0," + side + "," + BANNER);
    assertEquals(sentences(one), sentences(other));
    assertFalse((one.err() + other.err()).contains("burned in"), one.err());
    List<Map.Entry<String, BufferedImage>> pictures =
        List.copyOf(pictures(folder.resolve("masked")).entrySet());
    List<Map.Entry<String, BufferedImage>> others =
        List.copyOf(pictures(folder.resolve("other")).entrySet());
    // The overlay, and the picture in the trace and in its page.
    assertEquals(3, pictures.size(), pictures.toString());
    assertEquals(3, others.size(), others.toString());
    for (int i = 0; i < 3; i++) {
      String name = pictures.get(i).getKey();
      assertEquals(name, others.get(i).getKey());
      assertTrue(isBlackAbove(pictures.get(i).getValue()), name);
      assertEquals(pixels(pictures.get(i).getValue()), pixels(others.get(i).getValue()), name);
    }
    String trace = folder.resolve("masked").resolve("trace.json").toString();
    Execution.of("trace", "verify", trace).expect(0);
    Execution again = Execution.of("trace", "replay", trace, "--backend", "native").expect(0);
    assertTrue(again.out().startsWith("the same: "), again.out());
  }

  /** Without the head, which has ids, times and names of files. */
  private static String sentences(Execution report) {
    return report.out().substring(report.out().indexOf("FINDINGS"));
  }

  @Test
  void whoAsksForItGetsIt() throws IOException {
    report(doe, "shown", "--show-burned-in");
    Map<String, BufferedImage> pictures = pictures(folder.resolve("shown"));
    assertEquals(3, pictures.size(), pictures.keySet().toString());
    pictures.forEach((name, picture) -> assertTrue(shows(picture, "DOE"), name));
  }

  private Execution ask(Path image, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("run", "--model", demo.directory().toString()));
    arguments.addAll(List.of("--backend", "native", "--prompt", "Where is the nodule?"));
    arguments.addAll(List.of("--image", image.toString()));
    arguments.addAll(List.of(more));
    return Execution.of(arguments.toArray(String[]::new));
  }

  @Test
  void runTellsAndDraws() throws IOException {
    Path overlay = folder.resolve("boxes.png");
    Execution open = ask(doe, "--overlay", overlay.toString()).expect(0);
    String warning =
        ("text in picture 1 may name the patient: the answer may repeat it, and %s shows it;"
                + " --mask hides it")
            .formatted(overlay);
    assertTrue(open.err().lines().anyMatch(warning::equals), open.err());
    assertTrue(shows(ImageIO.read(overlay.toFile()), "DOE"));

    Execution masked =
        ask(doe, "--overlay", overlay.toString(), "--mask", "regions", "--format", "json")
            .expect(0);
    assertEquals("", masked.err());
    assertTrue(isBlackAbove(ImageIO.read(overlay.toFile())));
    JsonNode picture = masked.json().get("pictures").get(0);
    assertEquals("[[0,0,%d,%d]]".formatted(side, BANNER), picture.get("mask").toString());
    Execution json = ask(doe, "--max-tokens", "1", "--format", "json").expect(0);
    assertEquals(1, json.err().lines().count(), json.err());
    assertTrue(json.err().startsWith("text in picture 1 may name the patient"), json.err());
  }

  @Test
  void placesStayWhereTheyAre() {
    JsonNode open = ask(doe, "--format", "json").expect(0).json().get("regions");
    JsonNode masked =
        ask(doe, "--mask", "regions", "--format", "json").expect(0).json().get("regions");
    // The model looks at another picture; the nodule is where it was, to a pixel of the model's.
    for (int i = 0; i < 4; i++) {
      double one = open.get(0).get("box").get(i).asDouble();
      assertEquals(one, masked.get(0).get("box").get(i).asDouble(), 2, masked.toString());
    }
  }

  @Test
  void ordinaryPicturesAreMaskedToo() throws IOException {
    Path overlay = folder.resolve("ordinary.png");
    Execution run =
        ask(
                demo.example("several.png"),
                "--mask",
                "10,20,200,60",
                "--max-tokens",
                "1",
                "--overlay",
                overlay.toString())
            .expect(0);
    assertTrue(run.err().contains("picture 1: black by the mask: 10,20,200,60"), run.err());
    BufferedImage drawn = ImageIO.read(overlay.toFile());
    BufferedImage original = ImageIO.read(demo.example("several.png").toFile());
    int[][] pixels = {{10, 20, 0}, {199, 59, 0}, {200, 40, 1}, {100, 60, 1}};
    for (int[] pixel : pixels) {
      int expected = pixel[2] * original.getRaster().getSample(pixel[0], pixel[1], 0);
      assertEquals(expected, drawn.getRaster().getSample(pixel[0], pixel[1], 0));
    }
  }

  private Execution view(Path image, String... more) {
    String[] arguments =
        Stream.concat(
                Stream.of("view", image.toString(), "--out", folder.resolve("view").toString()),
                Stream.of(more))
            .toArray(String[]::new);
    return Execution.of(arguments);
  }

  @Test
  void viewShowsWhatIsThereUnlessItIsMasked() throws IOException {
    Path png = folder.resolve("view").resolve("frame-0001.png");
    Execution open = view(doe).expect(0);
    assertTrue(open.out().contains("--mask regions"), open.out());
    assertTrue(open.out().contains("0,%d,%d,%d".formatted(BANNER, side, side)), open.out());
    assertTrue(shows(ImageIO.read(png.toFile()), "DOE"));
    Execution masked = view(doe, "--mask", "regions").expect(0);
    assertTrue(masked.out().contains("black by the mask: 0,0," + side), masked.out());
    assertTrue(isBlackAbove(ImageIO.read(png.toFile())));
  }

  @Test
  void aMaskThatDoesNotFitIsOneLineAndNoPicture() throws IOException {
    Path ct = MedicalFiles.ct(folder.resolve("ct.dcm"), 2, 1, 0, (short) 1, (short) 2);
    String regions = view(ct, "--mask", "regions").errorLine(Vesalius.FAILURE);
    assertTrue(regions.contains("expected a DICOM file with ultrasound regions"), regions);
    String beyond = ask(ct, "--mask", "0,0,3,1").errorLine(Vesalius.FAILURE);
    assertTrue(beyond.contains("stored frame of 2x1 pixels"), beyond);
    Path png = demo.example("several.png");
    String none = ask(png, "--mask", "regions").errorLine(Vesalius.FAILURE);
    assertTrue(none.contains("found none; give rectangles"), none);
  }
}

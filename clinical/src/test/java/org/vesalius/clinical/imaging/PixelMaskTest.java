package org.vesalius.clinical.imaging;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vesalius.clinical.imaging.PixelMask.Rectangle;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.runtime.vision.image.RasterImage;

class PixelMaskTest {
  private static final long SEED = 23;
  private static final int WIDTH = 9;
  private static final int HEIGHT = 7;
  private static final Rectangle NAME = new Rectangle(2, 1, 6, 3);

  private static DicomImage image(DicomBytes bytes) {
    return DicomImage.of(DicomFile.read(bytes.file(), "scan.dcm"));
  }

  private static String refusal(Runnable masking) {
    return String.valueOf(assertThrows(MedicalImageException.class, masking::run).getMessage());
  }

  private static int[] samples(int seed, int hidden, int perPixel, int bound) {
    return samples(seed, hidden, perPixel, bound, bound);
  }

  /** Numbers that are the same for any {@code hidden}, but in {@link #NAME}. */
  private static int[] samples(int seed, int hidden, int perPixel, int bound, int hiddenBound) {
    SplittableRandom open = new SplittableRandom(SEED + seed);
    SplittableRandom covered = new SplittableRandom(SEED + 1000L * hidden);
    int[] samples = new int[WIDTH * HEIGHT * perPixel];
    for (int i = 0; i < samples.length; i++) {
      int x = i / perPixel % WIDTH;
      int y = i / perPixel / WIDTH % HEIGHT;
      int shown = open.nextInt(bound);
      samples[i] = NAME.holds(x, y) ? covered.nextInt(hiddenBound) : shown;
    }
    return samples;
  }

  private static DicomBytes colours(String photometric, int hidden) {
    int[] numbers = samples(3, hidden, photometric.startsWith("PALETTE") ? 1 : 3, 200);
    byte[] bytes = new byte[numbers.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) numbers[i];
    }
    return DicomBytes.colours(WIDTH, HEIGHT, photometric, bytes);
  }

  private static List<Object> pixels(RasterImage image) {
    List<Object> pixels = new ArrayList<>();
    byte[] rgb = image.copyRgb();
    boolean wide = image.samples() == RasterImage.Samples.GRAY16;
    char[] grey = wide ? image.copyGray16() : new char[0];
    for (int i = 0; i < image.width() * image.height(); i++) {
      pixels.add(wide ? (int) grey[i] : List.of(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]));
    }
    return pixels;
  }

  /** Whatever stands behind the mask, what is shown is the same, and black there. */
  private static void expectHidden(DicomBytes one, DicomBytes other, String window) {
    WindowChoice choice = WindowChoice.parse(window);
    Frame open = image(one).frame(0);
    Frame frame = image(one).masked(PixelMask.of(NAME)).frame(0);
    Frame same = image(other).masked(PixelMask.of(NAME)).frame(0);
    List<Object> shown = pixels(frame.shown(choice).image());
    assertEquals(shown, pixels(same.shown(choice).image()), window);
    assertNotEquals(
        pixels(image(other).frame(0).shown(choice).image()),
        pixels(open.shown(choice).image()),
        "the test's own files differ");
    Object black = shown.getFirst() instanceof Integer ? 0 : List.of((byte) 0, (byte) 0, (byte) 0);
    for (int i = 0; i < shown.size(); i++) {
      if (NAME.holds(i % WIDTH, i / WIDTH)) {
        assertEquals(black, shown.get(i), "pixel " + i);
      }
    }
    assertEquals(
        frame.chosen(choice).map(Object::toString), same.chosen(choice).map(Object::toString));
    assertEquals(open.picture(choice).transform(), frame.picture(choice).transform());
  }

  @ParameterizedTest
  @CsvSource({
    "MONOCHROME2,false,100/300",
    "MONOCHROME2,true,full",
    "MONOCHROME1,false,full",
    "MONOCHROME1,true,100/300",
    "MONOCHROME2,true,ct-rgb"
  })
  void whatIsBehindChangesNothingInGrey(String photometric, boolean signed, String window) {
    DicomBytes[] files = new DicomBytes[2];
    for (int hidden = 0; hidden < 2; hidden++) {
      files[hidden] =
          DicomBytes.grey(WIDTH, HEIGHT, signed, samples(1, hidden, 1, 500, 500 + 20_000 * hidden))
              .text(0x0008_0060, "CS", "CT")
              .text(0x0028_0004, "CS", photometric)
              .text(0x0028_1052, "DS", "-100")
              .text(0x0028_1053, "DS", "2");
    }
    expectHidden(files[0], files[1], window);
  }

  @ParameterizedTest
  @ValueSource(strings = {"RGB", "YBR_FULL"})
  void whatIsBehindChangesNothingInColours(String photometric) {
    Frame frame = image(colours(photometric, 0)).masked(PixelMask.of(NAME)).frame(0);
    Frame same = image(colours(photometric, 1)).masked(PixelMask.of(NAME)).frame(0);
    List<Object> shown = pixels(frame.shown(WindowChoice.usual()).image());
    assertEquals(shown, pixels(same.shown(WindowChoice.usual()).image()));
    assertEquals(List.of((byte) 0, (byte) 0, (byte) 0), shown.get(NAME.y1() * WIDTH + NAME.x1()));
  }

  /** Without a window in the file it is made of the values: of those that may be known. */
  @Test
  void theUsualWindowDoesNotTellWhatIsBehind() {
    DicomBytes[] files = new DicomBytes[2];
    for (int hidden = 0; hidden < 2; hidden++) {
      files[hidden] =
          DicomBytes.grey(WIDTH, HEIGHT, false, samples(2, hidden, 1, 100, 100 + 60_000 * hidden));
    }
    Frame one = image(files[0]).masked(PixelMask.of(NAME)).frame(0);
    Frame other = image(files[1]).masked(PixelMask.of(NAME)).frame(0);
    assertEquals(one.chosen(WindowChoice.usual()), other.chosen(WindowChoice.usual()));
    assertNotEquals(
        image(files[0]).frame(0).chosen(WindowChoice.usual()),
        image(files[1]).frame(0).chosen(WindowChoice.usual()));
  }

  @Test
  void itHoldsForAllFrames() {
    int[] first = samples(4, 0, 1, 250);
    int[] both = new int[2 * first.length];
    System.arraycopy(first, 0, both, 0, first.length);
    System.arraycopy(samples(5, 1, 1, 250), 0, both, first.length, first.length);
    DicomImage masked =
        image(DicomBytes.grey(WIDTH, HEIGHT, false, both).text(0x0028_0008, "IS", "2"))
            .masked(PixelMask.of(NAME));
    for (int frame = 0; frame < 2; frame++) {
      char[] grey = masked.frame(frame).shown(WindowChoice.parse("full")).image().copyGray16();
      assertEquals(0, grey[NAME.y1() * WIDTH + NAME.x1()]);
      assertEquals(List.of(NAME), masked.hidden(frame));
    }
  }

  @Test
  void allOfAFrameMayBeBlack() {
    DicomImage masked =
        image(DicomBytes.grey(WIDTH, HEIGHT, false, samples(6, 0, 1, 900)))
            .masked(PixelMask.of(new Rectangle(0, 0, WIDTH, HEIGHT)));
    for (String window : List.of("full", "40/400")) {
      char[] grey = masked.frame(0).shown(WindowChoice.parse(window)).image().copyGray16();
      assertArrayEquals(new char[WIDTH * HEIGHT], grey, window);
    }
    assertEquals(0, masked.frame(0).shown(WindowChoice.usual()).image().copyGray16()[0]);
  }

  /** Pixels of 1 by 2 mm are made square by making the picture higher, which mixes rows. */
  @Test
  void resizingComesAfterIt() {
    Frame[] frames = new Frame[2];
    for (int hidden = 0; hidden < 2; hidden++) {
      DicomBytes bytes =
          DicomBytes.grey(WIDTH, HEIGHT, false, samples(7, hidden, 1, 60_000))
              .text(0x0028_0030, "DS", "2\\1");
      frames[hidden] = image(bytes).masked(PixelMask.of(NAME)).frame(0);
    }
    PlacedPicture picture = frames[0].picture(WindowChoice.parse("30000/60000"));
    assertEquals(2 * HEIGHT, picture.image().height());
    assertEquals(
        pixels(picture.image()),
        pixels(frames[1].picture(WindowChoice.parse("30000/60000")).image()));
  }

  @Test
  void aPictureThatWasTurnedIsBlackAtTheSamePlaceOfItsSource() {
    RasterImage white = RasterImage.ofRgb(WIDTH, HEIGHT, filled((byte) 255));
    PlacedPicture turned =
        new PlacedPicture(white, PixelTransform.of(WIDTH, HEIGHT), Placement.UNKNOWN)
            .turned(1)
            .mirrored();
    PlacedPicture black = turned.hiding(List.of(NAME));
    byte[] rgb = black.image().copyRgb();
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        Point at = black.transform().toModel(new Point(x + 0.5, y + 0.5));
        int column = (int) at.x();
        int row = (int) at.y();
        int i = row * black.image().width() + column;
        assertEquals(NAME.holds(x, y) ? 0 : -1, rgb[3 * i], x + ", " + y);
      }
    }
  }

  private static byte[] filled(byte value) {
    byte[] rgb = new byte[3 * WIDTH * HEIGHT];
    Arrays.fill(rgb, value);
    return rgb;
  }

  private static DicomBytes ultrasound(Rectangle... regions) {
    DicomBytes[] items = new DicomBytes[regions.length];
    for (int i = 0; i < regions.length; i++) {
      items[i] =
          new DicomBytes()
              .longs(0x0018_6018, "UL", regions[i].x1())
              .longs(0x0018_601a, "UL", regions[i].y1())
              .longs(0x0018_601c, "UL", regions[i].x2() - 1)
              .longs(0x0018_601e, "UL", regions[i].y2() - 1);
    }
    return DicomBytes.grey(WIDTH, HEIGHT, false, samples(8, 0, 1, 250))
        .text(0x0008_0060, "CS", "US")
        .sequence(0x0018_6011, items);
  }

  private static final PixelMask REGIONS = PixelMask.parse(List.of("regions"));

  @Test
  void outsideOfRegionsEveryPixelIsInOneRectangle() {
    for (int round = 0; round < 300; round++) {
      SplittableRandom random = new SplittableRandom(SEED + round);
      Rectangle[] regions = new Rectangle[1 + random.nextInt(4)];
      for (int i = 0; i < regions.length; i++) {
        int x = random.nextInt(WIDTH - 1);
        int y = random.nextInt(HEIGHT - 1);
        regions[i] =
            new Rectangle(
                x,
                y,
                x + 1 + random.nextInt(WIDTH - x - 1),
                y + 1 + random.nextInt(HEIGHT - y - 1));
      }
      List<Rectangle> hidden = image(ultrasound(regions)).masked(REGIONS).hidden(0);
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          int column = x;
          int row = y;
          boolean shown = List.of(regions).stream().anyMatch(region -> region.holds(column, row));
          long times = hidden.stream().filter(black -> black.holds(column, row)).count();
          assertEquals(shown ? 0 : 1, times, "seed " + SEED + ", round " + round);
        }
      }
    }
  }

  @Test
  void regionsReachToTheLastPixelThatTheyName() {
    DicomImage image = image(ultrasound(new Rectangle(1, 2, 8, 6)));
    assertEquals(
        List.of(
            new Rectangle(0, 0, 9, 2),
            new Rectangle(0, 2, 1, 6),
            new Rectangle(8, 2, 9, 6),
            new Rectangle(0, 6, 9, 7)),
        image.masked(REGIONS).hidden(0));
    assertEquals(List.of("1,2,8,6"), image.facts().get("ultrasound_regions"));
    // A rectangle beside them is hidden too, and what reaches beyond the frame ends there.
    List<Rectangle> more =
        image(ultrasound(new Rectangle(0, 2, 99, 99)))
            .masked(PixelMask.parse(List.of("regions", "0,2,3,4")))
            .hidden(0);
    assertEquals(List.of(new Rectangle(0, 0, 9, 2), new Rectangle(0, 2, 3, 4)), more);
  }

  @Test
  void regionsThatHideNothingAreRefused() {
    String none = refusal(() -> image(DicomBytes.grey(1, 1, false, 5)).masked(REGIONS));
    assertEquals(
        "scan.dcm: mask regions: expected a DICOM file with ultrasound regions (0018,6011), found"
            + " none; give rectangles as X1,Y1,X2,Y2 instead",
        none);
    String all =
        refusal(() -> image(ultrasound(new Rectangle(0, 0, WIDTH, HEIGHT))).masked(REGIONS));
    assertTrue(all.contains("found all of the frame"), all);
    // Nowhere in the frame: as if there were none.
    refusal(() -> image(ultrasound(new Rectangle(50, 50, 60, 60))).masked(REGIONS));
    Rectangle[] many = new Rectangle[65];
    Arrays.fill(many, new Rectangle(0, 0, 1, 1));
    String most = refusal(() -> image(ultrasound(many)).masked(REGIONS));
    assertTrue(most.contains("expected at most 64, found 65"), most);
  }

  @Test
  void aRectangleBeyondTheFrameIsRefused() {
    String message =
        refusal(() ->
            image(DicomBytes.grey(WIDTH, HEIGHT, false, samples(9, 0, 1, 9)))
                .masked(PixelMask.parse(List.of("0,0,9,8"))));
    assertEquals(
        "scan.dcm: mask 0,0,9,8: expected a rectangle inside of the stored frame of 9x7 pixels,"
            + " found one that reaches beyond; give an X2 of at most 9 and a Y2 of at most 7",
        message);
    Frame frame = image(DicomBytes.grey(1, 1, false, 5)).frame(0);
    refusal(() -> frame.hiding(List.of(new Rectangle(0, 0, 2, 1))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1,2,3",
        "1,2,3,4,5",
        "-1,0,3,4",
        "0,0,1.5,2",
        "region",
        "5,0,5,9",
        "0,9,5,2",
        "0,0,9999999999,2"
      })
  void whatIsNoMaskIsRefused(String text) {
    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> PixelMask.parse(List.of(text)))
                .getMessage());
    assertTrue(message.startsWith("mask"), message);
    assertTrue(message.contains("expected"), message);
  }

  @Test
  void whatIsTypedIsReadBack() {
    PixelMask mask = PixelMask.parse(List.of("0,0,640,40", "regions", " 1,2,3,4 "));
    assertEquals("regions 0,0,640,40 1,2,3,4", mask.toString());
    assertEquals(mask, PixelMask.parse(List.of(mask.toString().split(" ", -1))));
    assertTrue(PixelMask.parse(List.of()).isEmpty());
    List<String> tooMany = Collections.nCopies(1001, "0,0,1,1");
    assertThrows(IllegalArgumentException.class, () -> PixelMask.parse(tooMany));
  }

  @Test
  void textThatIsToBeExpectedIsTold() {
    DicomImage declared = image(DicomBytes.grey(2, 1, false, 1, 2).text(0x0028_0301, "CS", "YES"));
    assertEquals(Optional.of(new BurnedInText(true, false)), declared.burnedIn());
    assertTrue(declared.notes().getFirst().contains("--mask X1,Y1,X2,Y2"));
    DicomImage likely = image(ultrasound(new Rectangle(0, 1, 9, 7)));
    assertEquals(Optional.of(new BurnedInText(false, true)), likely.burnedIn());
    assertTrue(likely.notes().getFirst().contains("--mask regions"));
    DicomImage masked = likely.masked(REGIONS);
    assertEquals(Optional.empty(), masked.burnedIn());
    assertTrue(masked.notes().getFirst().endsWith("look whether the mask covers all of it"));
    assertEquals(Optional.empty(), image(ultrasound().text(0x0028_0301, "CS", "NO")).burnedIn());
    assertEquals(Optional.empty(), image(DicomBytes.grey(1, 1, false, 5)).burnedIn());
  }
}

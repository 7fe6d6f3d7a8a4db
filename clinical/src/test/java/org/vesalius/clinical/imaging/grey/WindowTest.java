package org.vesalius.clinical.imaging.grey;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vesalius.runtime.vision.image.RasterImage;

class WindowTest {

  @Test
  void theDefaultFunctionIsThatOfTheStandard() {
    // PS3.3 C.11.2.1.2.1: centre 2048, width 4096 shows 0 to 4095 from black to white.
    Window whole = new Window(2048, 4096, Window.Function.LINEAR);
    assertEquals(0, whole.apply(0));
    assertEquals(1, whole.apply(4095));
    assertEquals(0.5, whole.apply(2047.5));
    // Centre 0, width 100 shows -50 to 49; centre 0, width 1 is a threshold at 0.
    Window hundred = new Window(0, 100, Window.Function.LINEAR);
    assertEquals(0, hundred.apply(-50));
    assertTrue(hundred.apply(-49) > 0);
    assertEquals(1, hundred.apply(49));
    Window threshold = new Window(0, 1, Window.Function.LINEAR);
    assertEquals(0, threshold.apply(-1));
    assertEquals(1, threshold.apply(0));
  }

  @Test
  void theExactFunctionHasExactEnds() {
    Window exact = new Window(40, 80, Window.Function.LINEAR_EXACT);
    assertEquals(0, exact.apply(0));
    assertEquals(0.5, exact.apply(40));
    assertEquals(1, exact.apply(80));
    assertEquals(0.25, new Window(0, 1e-3, Window.Function.LINEAR_EXACT).apply(-0.25e-3), 1e-12);
  }

  @Test
  void whatIsNoNumberIsDark() {
    for (Window.Function function : Window.Function.values()) {
      Window window = new Window(40, 80, function);
      assertEquals(0, window.apply(Double.NaN));
      assertEquals(0, window.apply(Double.NEGATIVE_INFINITY));
      assertEquals(1, window.apply(Double.POSITIVE_INFINITY));
    }
  }

  @Test
  void impossibleWindowsAreRefused() {
    for (double[] each :
        new double[][] {{0, 0}, {0, 0.5}, {Double.NaN, 10}, {0, Double.NaN}, {0, -5}}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new Window(each[0], each[1], Window.Function.LINEAR));
    }
    assertThrows(
        IllegalArgumentException.class, () -> new Window(0, 0, Window.Function.LINEAR_EXACT));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "40", "40/", "/400", "a/b", "40/0", "lungs", "#0", "#", "40/400/3", "NaN/5"})
  void whatIsNoChoiceIsRefused(String text) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> WindowChoice.parse(text));
    assertTrue(String.valueOf(e.getMessage()).startsWith("window: expected"), e.getMessage());
  }

  @Test
  void choicesAreParsed() {
    assertEquals(
        new WindowChoice.Given(new Window(-600, 1500.5, Window.Function.LINEAR)),
        WindowChoice.parse("-600/1500.5"));
    assertEquals(new WindowChoice.Preset(CtPreset.LUNG), WindowChoice.parse("Lung"));
    assertEquals(new WindowChoice.OfFile(2), WindowChoice.parse("#2"));
    assertInstanceOf(WindowChoice.CtRgb.class, WindowChoice.parse("ct-rgb"));
    assertInstanceOf(WindowChoice.FullRange.class, WindowChoice.parse("full"));
  }

  @Test
  void roundingToEightBitsThroughSixteenIsOneRounding() {
    // 65,536 brightnesses: their bytes are those of a rounding of the brightness itself.
    int[] stored = new int[1 << 16];
    Arrays.setAll(stored, i -> i);
    GreyValues values =
        GreyValues.ofStored(256, 256, stored, new ModalityTransform.Identity(), Padding.NONE);
    Window window = new Window(30000.25, 50000.5, Window.Function.LINEAR_EXACT);
    byte[] rgb = new Display.Grey(window, false, "").picture(values).copyRgb();
    for (int i = 0; i < stored.length; i++) {
      double brightness = 255 * window.apply(i);
      boolean tie = Math.abs(brightness - Math.floor(brightness) - 0.5) < 1e-3;
      if (!tie) {
        assertEquals(Math.rint(brightness), rgb[3 * i] & 0xff, "stored " + i);
      }
    }
  }

  @Test
  void rangesMayBeOfOneValueOrAllThereAre() {
    assertEquals(0.5, Window.ofRange(7, 7).apply(7));
    Window all = Window.ofRange(-Double.MAX_VALUE, Double.MAX_VALUE);
    assertEquals(0.5, all.apply(0));
    assertEquals(1, all.apply(Double.MAX_VALUE));
  }

  @Test
  void invertedAndPadded() {
    int[] stored = {0, 50, 100, -2000, -1500};
    GreyValues values =
        GreyValues.ofStored(
            5, 1, stored, new ModalityTransform.Identity(), Padding.between(-1500, -2000));
    Window window = Window.ofRange(0, 100);
    RasterImage plain = new Display.Grey(window, false, "").picture(values);
    RasterImage inverted = new Display.Grey(window, true, "").picture(values);
    assertArrayEquals(new char[] {0, 32768, 65535, 0, 0}, plain.copyGray16());
    assertArrayEquals(new char[] {65535, 32768, 0, 0, 0}, inverted.copyGray16());
    assertEquals(new ValueRange(0, 100), ValueRange.of(values).orElseThrow());
  }

  @Test
  void rangesLeaveOutTheFewExtremes() {
    double[] data = new double[1000];
    Arrays.setAll(data, i -> i);
    data[999] = 1e9;
    data[998] = Double.NaN;
    GreyValues values = GreyValues.of(100, 10, data);
    ValueRange most = ValueRange.without(0.005, values).orElseThrow();
    assertEquals(4, most.least());
    assertEquals(994, most.most());
    assertEquals(1e9, ValueRange.of(values).orElseThrow().most());
    GreyValues nothing = GreyValues.of(1, 2, new double[] {Double.NaN, Double.NaN});
    assertTrue(ValueRange.of(nothing).isEmpty());
    assertTrue(ValueRange.without(0.005, nothing).isEmpty());
  }

  @Test
  void tablesHaveEnds() {
    LookupTable table = new LookupTable(-10, 8, new int[] {3, 200, 255});
    assertEquals(3, table.entry(-500));
    assertEquals(3, table.entry(-9.5));
    assertEquals(200, table.entry(-9));
    assertEquals(255, table.entry(1e9));
    assertEquals(3, table.entry(Double.NaN));
    assertEquals(1, new VoiTransform.Table(table).apply(5));
  }
}

package org.vesalius.clinical.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTextTest {
  private final String text = ReportText.of(Reports.full(Reports.plainImages()));
  private final List<String> lines = text.lines().toList();

  @Test
  void noticeIsFirstAndLast() {
    assertEquals(Report.NOTICE, lines.getFirst());
    assertEquals(Report.NOTICE, lines.getLast());
    assertEquals(Report.NOTICE, ReportText.of(Reports.empty()).lines().toList().getLast());
  }

  @Test
  void everySentenceIsThereWithItsMark() {
    for (String line :
        List.of(
            "    [supported 0.97, agreement 0.80, confidence 0.33]",
            "    [uncertain 0.55, confidence 0.33]",
            "    [not checked, confidence 0.33] [not groundable]",
            "    [UNSUPPORTED: the second look gives it 0.12, confidence 0.33] [not groundable]",
            "    seen: image 0, x 1.0 to 3.5, y 2.0 to 4.3 px, \"nodule\"",
            "    seen: image 1, (0.3, 2.0) px",
            "  pneumothorax: present 0.88",
            "  (empty)",
            "  (nothing written)",
            "ABSTAINED, do not rely on what follows: too few sentences are supported")) {
      assertTrue(lines.contains(line), line + "\n" + text);
    }
    assertTrue(text.contains("[UNSUPPORTED: side: the region is on the left;"), text);
    assertTrue(text.contains("measured: nodule, width 2.5 mm, in the patient"), text);
    assertTrue(text.contains("quoted: Terms (terms/nodule.md, 40-"), text);
    assertTrue(text.contains("左肺上叶结节，建议随访。No pleural effusion."), text);
  }

  /** A sentence that looks like a mark is not at the place of marks, and starts no line there. */
  @Test
  void hostileTextIsPlainText() {
    assertTrue(text.chars().allMatch(c -> c == '\n' || c >= ' ') && !text.contains("\u202e"), text);
    assertTrue(lines.stream().noneMatch(line -> line.startsWith("    [supported 1.00]")), text);
    assertTrue(lines.stream().noneMatch(line -> line.startsWith("    [supported 0.99]")), text);
  }

  @Test
  void linesAreNoLongerThanAHundredColumns() {
    String words = "nodule ".repeat(40) + "结节影".repeat(60) + "x".repeat(250);
    for (String line : PlainText.wrapped(words, 100)) {
      int wide = (int) line.codePoints().filter(c -> c > 0x2e80).count();
      assertTrue(line.length() + wide <= 100, line);
    }
    assertEquals(
        words.replace(" ", ""), String.join("", PlainText.wrapped(words, 100)).replace(" ", ""));
    assertTrue(lines.stream().allMatch(line -> line.length() <= 100), text);
  }
}

package org.vesalius.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.answer.Streams.Question;
import org.vesalius.runtime.vision.image.ImageTransform;
import org.vesalius.runtime.vision.image.RasterImage;

class RegionTest {
  /** 2000 x 1000 pixels that the model saw as 500 x 250. */
  private static final PictureFrame FRAME = resized(2000, 1000, 500, 250);

  private static final Question QWEN25 = Question.of(AnswerFormat.QWEN2_5_VL).seeing(FRAME);
  private static final Question QWEN3 = Question.of(AnswerFormat.QWEN3_VL).seeing(FRAME);
  private static final Question QWEN2 =
      Question.of(AnswerFormat.QWEN2_VL).seeing(FRAME).hiding(GroundingFormat.QWEN2_VL.marks());
  private static final Question GEMMA = Question.of(AnswerFormat.GEMMA3).seeing(FRAME);
  private static final Question SEED = Question.of(AnswerFormat.SEED_VL).seeing(FRAME);

  private static PictureFrame resized(int width, int height, int modelWidth, int modelHeight) {
    return PictureFrame.of(
        ImageTransform.of(RasterImage.ofGray8(width, height, new byte[width * height]))
            .resized(modelWidth, modelHeight));
  }

  private static String show(Region region) {
    String where = region.image().isPresent() ? "@" + region.image().getAsInt() : "@?";
    return region.label()
        + where
        + switch (region) {
          case Region.Box box -> numbers(box.x0(), box.y0(), box.x1(), box.y1());
          case Region.Point point -> numbers(point.x(), point.y());
          case Region.Polygon polygon ->
              polygon.corners().stream()
                  .map(corner -> numbers(corner.x(), corner.y()))
                  .collect(Collectors.joining());
        };
  }

  private static String numbers(double... numbers) {
    StringBuilder text = new StringBuilder();
    for (double number : numbers) {
      text.append(String.format(Locale.ROOT, " %.4g", number).replaceAll("\\.0+$", ""));
    }
    return text.toString();
  }

  /** All places are as expected, nothing is invalid, and spans point at the raw text. */
  private static void check(Question question, String text, String... regions) {
    ParsedAnswer answer = question.parse(text);
    assertEquals(List.of(), answer.invalidRegions());
    assertEquals(List.of(regions), answer.regions().stream().map(RegionTest::show).toList());
    if (question.hidden().isEmpty()) {
      assertEquals(text, answer.text());
      for (Region region : answer.regions()) {
        Region.Mention mention = region.mention();
        assertEquals(mention.raw(), text.substring(mention.start(), mention.end()));
      }
    }
  }

  private static void invalid(Question question, String text, String... reasons) {
    ParsedAnswer answer = question.parse(text);
    assertEquals(List.of(), answer.regions(), text);
    assertEquals(reasons.length, answer.invalidRegions().size(), answer.invalidRegions()::toString);
    for (int i = 0; i < reasons.length; i++) {
      InvalidRegion region = answer.invalidRegions().get(i);
      assertTrue(region.reason().contains(reasons[i]), region::toString);
      if (question.hidden().isEmpty()) {
        assertEquals(region.raw(), answer.text().substring(region.start(), region.end()));
      }
    }
  }

  @Test
  void qwen25InPixelsOfTheResizedPicture() {
    check(
        QWEN25,
        "```json\n[\n\t{\"bbox_2d\": [10, 20, 30.5, 40], \"label\": \"nodule\"},\n\t{\"point_2d\": [1, 2],"
            + " \"label\": \"tip\"}\n]\n```\nThat is all [1].",
        "nodule@0 40 80 122 160",
        "tip@0 4 8");
    check(QWEN25, "{\"bbox_2d\": [0, 0, 500, 250]}", "@0 0 0 2000 1000");
    // Rounding of up to one of the model's pixels is cut off.
    check(QWEN25, "{\"bbox_2d\": [-1, -0.5, 501, 250.5]}", "@0 0 0 2000 1000");
    invalid(QWEN25, "{\"bbox_2d\": [0, 0, 502, 250]}", "outside of what the model saw");
    invalid(QWEN25, "{\"point_2d\": [-1.5, 0]}", "outside of what the model saw");
  }

  @Test
  void qwen3InThousandths() {
    check(
        QWEN3,
        "Here: {\"bbox_2d\": [100, 200, 300, 400], \"label\": \"a \\\"b\\\" {c}\"} and [{\"point_2d\": [0,"
            + " 1000], \"text_content\": \"T\"}]",
        "a \"b\" {c}@0 200 200 600 400",
        "T@0 0 1000");
    check(
        QWEN3,
        "{\"bbox_2d\": [[0, 0, 1, 1], [1, 1, 2, 2]], \"label\": \"two\"}",
        "two@0 0 0 2 1",
        "two@0 2 1 4 2");
    check(QWEN3, "{\"findings\": [{\"bbox_2d\": [0, 0, 10, 10]}], \"n\": 1}", "@0 0 0 20 10");
    check(QWEN3, "The bbox_2d of \"it\" { is unknown. \"bbox_2d\"");
    check(QWEN3, "{\"bbox_3d\": [1]}");
  }

  @Test
  void medMoLabels() {
    check(
        QWEN3,
        "1. Right nodule: <box>[[100, 200, 300, 400], [0,0,1,1]]</box>, effusion <box>[500, 500, 600, 600]</box>",
        "Right nodule@0 200 200 600 400",
        "Right nodule@0 0 0 2 1",
        "effusion@0 1000 500 1200 600");
    invalid(QWEN3, "x <box>[[1, 2, 3]]</box>", "4 numbers, found 3");
    invalid(QWEN3, "x <box>[[1, 2, 3, 4]", "not closed");
    invalid(QWEN3, "x <box>1, 2</box>", "not JSON");
  }

  @Test
  void qwen2Tokens() {
    String text =
        "The <|object_ref_start|>left nodule<|object_ref_end|><|box_start|>(100,200),(300,400)<|box_end|>"
            + " <|box_start|>(0, 0), (10, 10)<|box_end|>, <|box_start|>(500,500)<|box_end|> and"
            + " <|quad_start|>(0,0),(10,0),(10,10),(0,10)<|quad_end|>.";
    ParsedAnswer answer = QWEN2.parse(text);
    assertEquals(
        "The left nodule(100,200),(300,400) (0, 0), (10, 10), (500,500) and"
            + " (0,0),(10,0),(10,10),(0,10).",
        answer.text());
    assertEquals(
        List.of(
            "left nodule@0 200 200 600 400",
            "left nodule@0 0 0 20 10",
            "@0 1000 500",
            "@0 0 0 20 0 20 10 0 10"),
        answer.regions().stream().map(RegionTest::show).toList());
    Region.Mention first = answer.regions().getFirst().mention();
    assertEquals(
        "left nodule(100,200),(300,400)", answer.text().substring(first.start(), first.end()));
    assertEquals(
        "<|object_ref_start|>left nodule<|object_ref_end|><|box_start|>(100,200),(300,400)<|box_end|>",
        first.raw());
    Region.Mention second = answer.regions().get(1).mention();
    assertEquals("(0, 0), (10, 10)", answer.text().substring(second.start(), second.end()));
    assertEquals(List.of(), answer.invalidRegions());
    invalid(QWEN2, "<|box_start|>(1,2),(3", "not closed");
    invalid(QWEN2, "<|box_start|>1,2,3,4<|box_end|>", "expected (x,y)");
    invalid(QWEN2, "<|box_start|>(1,2),(3,x)<|box_end|>", "not a number");
    invalid(QWEN2, "<|box_start|>(1,2),(3,4),(5,6)<|box_end|>", "4 numbers, found 6");
  }

  @Test
  void gemmaWithYFirst() {
    check(
        GEMMA,
        "```json\n[{\"box_2d\": [100, 200, 300, 400], \"label\": \"heart\"}]\n```",
        "heart@0 400 100 800 300");
    assertEquals(
        List.of(100.0, 200.0, 300.0, 400.0),
        GEMMA
            .parse("{\"box_2d\": [100, 200, 300, 400]}")
            .regions()
            .getFirst()
            .mention()
            .coordinates());
  }

  @Test
  void seedTags() {
    check(
        SEED,
        "At <bbox>100 200 300 400</bbox>, <point>0 999</point>, <polygon>0 0 10 0 10 10</polygon>.",
        "@0 200 200 600 400",
        "@0 0 999",
        "@0 0 0 20 0 20 10");
    invalid(SEED, "<point>0 1000</point>", "out of range 0 to 999: 1000");
    invalid(
        SEED,
        "<bbox>1 2 3</bbox> <point>1</point> <polygon>1 2 3 4</polygon>",
        "4 numbers",
        "2 numbers",
        "3 or more");
    invalid(SEED, "<bbox>1 2 3 4", "not closed");
    invalid(
        SEED, "<bbox>1 2 <point>3 4</point>".replace("3 4", "x y"), "not closed", "not a number");
    invalid(SEED, "<bbox></bbox>", "not a number");
    invalid(SEED, "<bbox>1 2 " + "9".repeat(60) + " 4</bbox>", "not a number");
    invalid(SEED, "<bbox>1 2 1e999 4</bbox>", "not a finite number");
  }

  @Test
  void whatIsInvalidIsReported() {
    invalid(QWEN3, "{\"bbox_2d\": [300, 200, 100, 400]}", "inverted or empty: x 300 to 100");
    invalid(QWEN3, "{\"bbox_2d\": [100, 200, 300, 200]}", "inverted or empty");
    invalid(QWEN3, "{\"bbox_2d\": [0, 0, 1001, 1]}", "out of range 0 to 1000: 1001");
    invalid(QWEN3, "{\"bbox_2d\": [-1, 0, 1, 1]}", "out of range");
    invalid(QWEN3, "{\"bbox_2d\": [1, 2, 3]}", "4 numbers, found 3");
    invalid(QWEN3, "{\"point_2d\": [1, 2, 3]}", "2 numbers, found 3");
    invalid(QWEN3, "{\"bbox_2d\": [\"1\", 2, 3, 4]}", "not a number");
    invalid(QWEN3, "{\"bbox_2d\": null}", "expected an array");
    invalid(QWEN3, "{\"bbox_2d\": [1, 2, 3, NaN]}", "not JSON");
    invalid(QWEN3, "{\"bbox_2d\": [1, 2, 3, 1e999]}", "too large");
    invalid(QWEN3, "{\"bbox_2d\": [1, 2, 3, " + "9".repeat(2000) + "]}", "not JSON");
    invalid(QWEN3, "{'bbox_2d': [1, 2, 3, 4]}", "not in a JSON object");
    invalid(QWEN3, "\"bbox_2d\": [1, 2, 3, 4]", "not in a JSON object");
    invalid(QWEN3, "[{\"bbox_2d\": [1, 2, 3, 4", "incomplete");
    invalid(QWEN3, "{\"bbox_2d\": [1, 2, 3, 4], \"bbox_2d\": [1, 2, 3, 4]}", "Duplicate");
    invalid(Question.of(AnswerFormat.QWEN3_VL), "{\"point_2d\": [1, 2]}", "there is no picture");
  }

  @Test
  void goodEntriesCountBesideBadOnes() {
    ParsedAnswer answer =
        QWEN3.parse(
            "[{\"bbox_2d\": [0, 0, 1, 1], \"label\": \"good\"}, {\"bbox_2d\": [1, 1, 0, 0]}, {\"bbox_2d\":"
                + " [[0, 0, 2, 2], [1]]}, {\"bbox_2d\": [5, 5, 6");
    assertEquals(
        List.of("good@0 0 0 2 1", "@0 0 0 4 2"),
        answer.regions().stream().map(RegionTest::show).toList());
    assertEquals(3, answer.invalidRegions().size());
  }

  @Test
  void severalPictures() {
    Question two = Question.of(AnswerFormat.QWEN3_VL).seeing(resized(100, 100, 50, 50), FRAME);
    for (String key : List.of("image", "img_idx", "image_index")) {
      check(two, "{\"point_2d\": [500, 500], \"" + key + "\": 1}", "@1 1000 500");
      check(two, "{\"point_2d\": [500, 500], \"" + key + "\": 0}", "@0 50 50");
      invalid(two, "{\"point_2d\": [500, 500], \"" + key + "\": 2}", "no such picture: 2");
      invalid(two, "{\"point_2d\": [500, 500], \"" + key + "\": -1}", "no such picture");
      invalid(two, "{\"point_2d\": [500, 500], \"" + key + "\": \"first\"}", "number of a picture");
      invalid(QWEN3, "{\"point_2d\": [500, 500], \"" + key + "\": 1}", "no such picture: 1");
    }
    // Which one is not guessed: the numbers stay as written.
    check(two, "{\"bbox_2d\": [100, 200, 300, 400]}", "@? 100 200 300 400");
    assertEquals(
        OptionalInt.empty(), two.parse("{\"point_2d\": [1, 2]}").regions().getFirst().image());
    invalid(two, "{\"bbox_2d\": [100, 200, 300, 1400]}", "out of range");
  }

  @Test
  void placesInReasoningAndCallsAreNotTheAnswers() {
    ParsedAnswer answer =
        QWEN3.parse(
            "<think>{\"bbox_2d\": [0, 0, 1, 1]}</think><tool_call>\n{\"name\": \"zoom\", \"arguments\":"
                + " {\"bbox_2d\": [0, 0, 1, 1]}}\n</tool_call>");
    assertEquals(List.of(), answer.regions());
    assertEquals(List.of(), answer.invalidRegions());
    assertEquals(1, answer.toolCalls().size());
  }

  /** A picture that was scaled, padded on all sides (or cropped, where negative). */
  private record Placed(PictureFrame frame, double scaleX, double scaleY, int left, int top) {
    static Placed random(Random random, boolean crop) {
      int width = 1 + random.nextInt(3000);
      int height = 1 + random.nextInt(3000);
      int scaledWidth = 2 + random.nextInt(1000);
      int scaledHeight = 2 + random.nextInt(1000);
      int left = random.nextInt(50);
      int top = random.nextInt(50);
      int right = random.nextInt(50);
      int bottom = random.nextInt(50);
      if (crop) {
        left = -Math.min(left, scaledWidth / 4);
        right = -Math.min(right, scaledWidth / 4);
        top = -Math.min(top, scaledHeight / 4);
        bottom = -Math.min(bottom, scaledHeight / 4);
      }
      double scaleX = (double) width / scaledWidth;
      double scaleY = (double) height / scaledHeight;
      int x = left;
      int y = top;
      return new Placed(
          new PictureFrame(
              width,
              height,
              scaledWidth + left + right,
              scaledHeight + top + bottom,
              (modelX, modelY) -> new double[] {(modelX - x) * scaleX, (modelY - y) * scaleY}),
          scaleX,
          scaleY,
          left,
          top);
    }
  }

  @Test
  void pointsComeBackThroughResizePadAndCrop() {
    for (long seed = 0; seed < 4000; seed++) {
      Random random = new Random(seed);
      Placed placed = Placed.random(random, seed % 2 == 0);
      PictureFrame frame = placed.frame();
      int written = random.nextInt(1001);
      int across = random.nextInt(1001);
      double modelX = written / 1000.0 * frame.modelWidth();
      double modelY = across / 1000.0 * frame.modelHeight();
      double x = (modelX - placed.left()) * placed.scaleX();
      double y = (modelY - placed.top()) * placed.scaleY();
      boolean inside =
          x >= -placed.scaleX() - 1e-6
              && x <= frame.sourceWidth() + placed.scaleX() + 1e-6
              && y >= -placed.scaleY() - 1e-6
              && y <= frame.sourceHeight() + placed.scaleY() + 1e-6;
      ParsedAnswer relative =
          Question.of(AnswerFormat.QWEN3_VL)
              .seeing(frame)
              .parse(List.of("{\"point_2d\": [" + written + ", " + across + "]}"));
      ParsedAnswer pixels =
          Question.of(AnswerFormat.QWEN2_5_VL)
              .seeing(frame)
              .parse(List.of("{\"point_2d\": [" + modelX + ", " + modelY + "]}"));
      for (ParsedAnswer answer : List.of(relative, pixels)) {
        assertEquals(inside ? 1 : 0, answer.regions().size(), "seed " + seed);
        assertEquals(inside ? 0 : 1, answer.invalidRegions().size(), "seed " + seed);
        if (inside) {
          Region.Point point = (Region.Point) answer.regions().getFirst();
          assertEquals(Math.clamp(x, 0, frame.sourceWidth()), point.x(), 1e-6, "seed " + seed);
          assertEquals(Math.clamp(y, 0, frame.sourceHeight()), point.y(), 1e-6, "seed " + seed);
        }
      }
    }
  }

  @Test
  void aBoxInThePaddingIsInvalid() {
    // 100 x 50 padded to a square: the picture is in the middle half.
    PictureFrame square =
        new PictureFrame(
            100, 50, 336, 336, (x, y) -> new double[] {x * 100 / 336, y * 100 / 336 - 25});
    Question question = Question.of(AnswerFormat.QWEN3_VL).seeing(square);
    check(question, "{\"bbox_2d\": [0, 250, 1000, 750]}", "@0 0 0 100 50");
    check(question, "{\"bbox_2d\": [500, 500, 1000, 750]}", "@0 50 25 100 50");
    invalid(question, "{\"bbox_2d\": [0, 0, 1000, 750]}", "outside of the picture");
    invalid(question, "{\"bbox_2d\": [0, 248, 1000, 250]}", "nothing of it is in the picture");
  }
}

package org.vesalius.bench.quality;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** Right answers by group of questions, against the truth of the drawings. */
final class Accuracy {
  /** Questions that are scored alike. */
  enum Group {
    YES_NO("yes/no"),
    ZONE("zone"),
    JSON("JSON"),
    REPORT("report"),
    BOX("box IoU");

    private final String title;

    Group(String title) {
      this.title = title;
    }

    String title() {
      return title;
    }

    static Optional<Group> of(String kind) {
      if (kind.startsWith("yn_") || kind.startsWith("normal")) {
        return Optional.of(YES_NO);
      } else if (kind.startsWith("zone_")) {
        return Optional.of(ZONE);
      } else if (kind.startsWith("json")) {
        return Optional.of(JSON);
      } else if (kind.startsWith("report")) {
        return Optional.of(REPORT);
      } else if (kind.startsWith("box_")) {
        return Optional.of(BOX);
      }
      return Optional.empty();
    }
  }

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String END_OF_THINKING = "</think>\n\n";

  private final Map<Group, double[]> sums = new EnumMap<>(Group.class);

  /**
   * Scores an answer: 1 if what follows its reasoning is the whole right answer, and for a box the
   * overlap (intersection over union) with the right one. Where there is nothing to box, only
   * saying so is right.
   */
  void add(Question question, String answer) {
    Optional<Group> group = Group.of(question.kind());
    if (group.isEmpty() || question.truth().isEmpty()) {
      return;
    }
    String expected = question.truth().get();
    double score =
        group.get() == Group.BOX && expected.startsWith("[")
            ? overlap(box(expected), box(answer))
            : conclusion(expected).equals(conclusion(answer)) ? 1 : 0;
    double[] sum = sums.computeIfAbsent(group.get(), _ -> new double[2]);
    sum[0] += score;
    sum[1]++;
  }

  private static String conclusion(String answer) {
    int end = answer.indexOf(END_OF_THINKING);
    return end < 0 ? answer : answer.substring(end + END_OF_THINKING.length());
  }

  private static double[] box(String answer) {
    try {
      JsonNode corners = MAPPER.readTree(answer).path(0).path("bbox_2d");
      double[] box = new double[corners.size()];
      for (int i = 0; i < box.length; i++) {
        box[i] = corners.get(i).asDouble();
      }
      return box;
    } catch (JsonProcessingException e) {
      return new double[0];
    }
  }

  private static double overlap(double[] a, double[] b) {
    if (a.length != 4 || b.length != 4) {
      return 0;
    }
    double width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
    double height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
    double both = Math.max(0, width) * Math.max(0, height);
    double either = area(a) + area(b) - both;
    return either <= 0 ? 0 : both / either;
  }

  private static double area(double[] box) {
    return Math.max(0, box[2] - box[0]) * Math.max(0, box[3] - box[1]);
  }

  /** The mean score of a group; not a number if it had no question. */
  double of(Group group) {
    double[] sum = sums.getOrDefault(group, new double[2]);
    return sum[0] / sum[1];
  }

  int count(Group group) {
    return (int) sums.getOrDefault(group, new double[2])[1];
  }
}

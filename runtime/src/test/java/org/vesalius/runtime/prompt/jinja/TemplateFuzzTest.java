package org.vesalius.runtime.prompt.jinja;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TemplateFuzzTest {
  private static final long SEED = 20250102;
  private static final int RUNS = 20_000;
  private static final List<String> PIECES =
      List.of(
          "{{",
          "}}",
          "{%",
          "%}",
          "{#",
          "#}",
          "-",
          "+",
          "|",
          "(",
          ")",
          "[",
          "]",
          "{",
          "}",
          "'",
          "\"",
          "\\",
          ":",
          ",",
          ".",
          "~",
          "=",
          "==",
          "not ",
          " in ",
          " is ",
          " if ",
          " else ",
          "\n",
          "loop",
          "none",
          "0",
          "-1",
          "1e400",
          "99999999999999999999",
          "{% endif %}",
          "{% endfor %}",
          "{% set x = ",
          "{% macro m(",
          "caller()",
          "varargs",
          "**",
          "//",
          "\uD83D",
          "\u0000",
          "é",
          "{% raw %}",
          "x[::-1]",
          "| sort",
          "| map('",
          "| tojson(",
          "recursive",
          "%s",
          "namespace()");

  /** Whatever a template says, it is rendered or refused; no other exception gets out. */
  @Test
  void mutatedTemplatesFailOnlyAsTemplates() {
    ReferenceCases features = ReferenceCases.read("features.json");
    List<String> templates = new ArrayList<>();
    features.cases().forEach(each -> templates.add(each.template()));
    ReferenceCases.read("random.json.gz").cases().forEach(each -> templates.add(each.template()));
    SplittableRandom random = new SplittableRandom(SEED);
    for (int run = 0; run < RUNS; run++) {
      String template = mutate(templates, random);
      try {
        JinjaTemplate.parse(template, "t").render(features.variables(), ReferenceCases.CLOCK);
      } catch (TemplateException _) {
        // One of the two right outcomes.
      } catch (RuntimeException | Error e) {
        fail("seed " + SEED + ", run " + run + ": " + template, e);
      }
    }
  }

  private static String mutate(List<String> templates, SplittableRandom random) {
    StringBuilder text = new StringBuilder(templates.get(random.nextInt(templates.size())));
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(text.length() + 1);
      int end = Math.min(text.length(), at + 1 + random.nextInt(6));
      switch (random.nextInt(5)) {
        case 0 -> text.delete(at, end);
        case 1 -> text.insert(at, PIECES.get(random.nextInt(PIECES.size())));
        case 2 -> text.replace(at, end, PIECES.get(random.nextInt(PIECES.size())));
        case 3 -> {
          String other = templates.get(random.nextInt(templates.size()));
          int from = random.nextInt(other.length() + 1);
          text.insert(at, other, from, Math.min(other.length(), from + 1 + random.nextInt(30)));
        }
        default -> text.insert(at, text.substring(at, end));
      }
    }
    return text.toString();
  }
}

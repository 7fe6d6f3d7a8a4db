package org.vesalius.runtime.prompt.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginTest {
  private static final int OUTSIDE = 5;

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      quoteCharacter = '`',
      value = {
        "{{ '<' + x + '>' }} => .xxx.",
        "{{ x[1:] }}{{ 'n' }}{{ x[0] }} => xx.x",
        "{{ x ~ 1 ~ x }} => xxx.xxx",
        "{{ x * 2 }} => xxxxxx",
        "{{ x | upper }}{{ 'A' | upper }} => xxx.",
        "{{ x.split('B')[1] }}{{ x.replace('B', '--') }} => xx..x",
        "{{ '-'.join([x, 'y']) }} => xxx..",
        "{{ [x, 'y'] }} => ..xxx.......",
        "{{ {'k': x} | tojson }} => .......xxx..",
        "{{ '%s/%s' % (x, 'z') }} => xxx..",
        "{{ '{:>5}'.format(x) }} => ..xxx",
        "{{ x | center(5) }} => .xxx.",
        "{% set y %}[{{ x }}]{% endset %}{{ y }} => .xxx.",
        "{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(x) }} => .xxx.",
        "{% filter lower %}{{ x }}y{% endfilter %} => xxx.",
        "{% for c in x %}{{ c }},{% endfor %} => x.x.x.",
        "{{ x | reverse }}{{ x | list | join }} => xxxxxx",
        "{{ ('\\n' + x) | trim }} => xxx",
        "{{ x | indent(2, true) }} => ..xxx",
        "{{ x if x == 'aBc' else 'no' }} => xxx",
        "{{ 'aBc' if x == 'aBc' else x }} => ...",
      })
  void everyOperationKeepsTheOriginOfEachCharacter(String template, String expected) {
    Text text =
        JinjaTemplate.parse(template, "t")
            .renderTraced(Map.of("x", Text.of("aBc", OUTSIDE)), ReferenceCases.CLOCK);
    StringBuilder origins = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      origins.append(text.originAt(i) == OUTSIDE ? 'x' : '.');
    }
    assertEquals(expected, origins.toString(), text.value());
  }

  @Test
  void escapesBelongToTheCharacterTheyStandFor() {
    Text text =
        JinjaTemplate.parse("{{ x | tojson }}{{ [x] }}", "t")
            .renderTraced(Map.of("x", Text.of("\"\n", OUTSIDE)), ReferenceCases.CLOCK);
    assertEquals("\"\\\"\\n\"['\"\\n']", text.value());
    for (int i = 0; i < text.length(); i++) {
      boolean outside = (i >= 1 && i <= 4) || (i >= 8 && i <= 10);
      assertEquals(outside ? OUTSIDE : Text.TEMPLATE, text.originAt(i), "at " + i);
    }
  }

  /**
   * Text from outside is Greek, the templates are not: after any template, exactly the Greek
   * letters must be from outside.
   */
  @ParameterizedTest
  @ValueSource(strings = {"features.json", "random.json.gz"})
  void greekComesFromOutsideAndNothingElseDoes(String resource) {
    ReferenceCases reference = ReferenceCases.read(resource);
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    reference.variables().forEach((name, value) -> variables.put(name, greek(value)));
    int letters = 0;
    List<String> wrong = new ArrayList<>();
    for (ReferenceCases.Case each : reference.cases()) {
      // These write a letter as several of other kinds.
      boolean rewrites =
          each.template().contains("ensure_ascii") || each.template().contains("urlencode");
      if (rewrites || isGreek(each.template())) {
        continue;
      }
      Text text;
      try {
        text =
            JinjaTemplate.parse(each.template(), "t").renderTraced(variables, ReferenceCases.CLOCK);
      } catch (TemplateException _) {
        continue;
      }
      for (int i = 0; i < text.length(); i++) {
        boolean greek = isGreek(text.value().substring(i, i + 1));
        letters += greek ? 1 : 0;
        if (greek != (text.originAt(i) == OUTSIDE)) {
          wrong.add(each.template() + " at " + i + ": " + text.value());
          break;
        }
      }
    }
    assertTrue(letters > 200, "only " + letters + " letters from outside were rendered");
    assertEquals(List.of(), wrong);
  }

  private static boolean isGreek(String text) {
    return text.codePoints()
        .anyMatch(c -> Character.UnicodeScript.of(c) == Character.UnicodeScript.GREEK);
  }

  private static @Nullable Object greek(@Nullable Object value) {
    if (value instanceof String text) {
      String letters = "αΒγ".repeat(text.length() / 3 + 1).substring(0, text.length());
      return Text.of(letters, OUTSIDE);
    }
    if (value instanceof Map<?, ?> map) {
      Map<@Nullable Object, @Nullable Object> copy = new LinkedHashMap<>();
      map.forEach((key, item) -> copy.put(key, greek(item)));
      return copy;
    }
    if (value instanceof List<?> list) {
      List<@Nullable Object> copy = new ArrayList<>();
      list.forEach(item -> copy.add(greek(item)));
      return copy;
    }
    return value;
  }
}

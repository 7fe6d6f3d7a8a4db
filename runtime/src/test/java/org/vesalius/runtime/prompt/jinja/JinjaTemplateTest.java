package org.vesalius.runtime.prompt.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JinjaTemplateTest {
  private static String render(String template, Map<String, ? extends @Nullable Object> variables) {
    return JinjaTemplate.parse(template, "chat.jinja").render(variables, ReferenceCases.CLOCK);
  }

  private static TemplateException fails(String template) {
    return assertThrows(TemplateException.class, () -> render(template, Map.of()));
  }

  @Test
  void takesEveryTypeOfJavaValue() {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put("text", "a");
    values.put("traced", Text.of("b", 2));
    values.put("yes", true);
    values.put("small", 1);
    values.put("long", 2L);
    values.put("big", new BigInteger("12345678901234567890123"));
    values.put("real", 1.5);
    values.put("single", 0.1f);
    values.put("list", Arrays.asList(1, null));
    values.put("map", new LinkedHashMap<>(Map.of("k", List.of())));
    values.put("nothing", null);
    assertEquals(
        "a b True 1 2 12345678901234567890123 1.5 0.1 [1, None] {'k': []} None",
        render(
            "{{ text }} {{ traced }} {{ yes }} {{ small }} {{ long }} {{ big }} {{ real }} "
                + "{{ single }} {{ list }} {{ map }} {{ nothing }}",
            values));
  }

  @Test
  void refusesValuesItCannotShow() {
    TemplateException e =
        assertThrows(TemplateException.class, () -> render("x", Map.of("o", new Object())));
    assertTrue(e.getMessage().contains("java.lang.Object"), e.getMessage());
    List<Object> cycle = new ArrayList<>();
    cycle.add(cycle);
    assertThrows(TemplateException.class, () -> render("x", Map.of("cycle", cycle)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`a\n{{ nope.x }}` | 2 | 'nope' is undefined",
        "`\n\n{% for %}` | 3 | expected a name to assign to, found 'end of statement block'",
        "`{% if 1 %}\nx\n{{ 'a' + 1 }}{% endif %}` | 3 | can only concatenate str (not \"int\") to str",
        "`{% raw %}\n\n{% endraw %}{{ 1 // 0 }}` | 3 | division by zero",
        "`{# \n #}\n{{- 'a\nb' }}{{ [][0].x }}` | 4 | list object has no element 0",
        "`{% macro m() %}\n{{ x.y }}{% endmacro %}\n\n{{ m() }}` | 2 | 'x' is undefined",
        "`{% macro m() %}\n{% endmacro %}\n{{ m() ~ x.y }}` | 3 | 'x' is undefined",
        "`{% set x %}\n\n{% endset %}\n{{ x | nofilter }}` | 4 | no filter named 'nofilter'",
      })
  void errorsNameTemplateAndLine(String template, int line, String problem) {
    TemplateException e = fails(template);
    assertEquals("chat.jinja:" + line + ": " + problem, e.getMessage());
    assertEquals("chat.jinja", e.template());
    assertEquals(line, e.line());
    assertEquals(Optional.empty(), e.raised());
  }

  @Test
  void templatesCanRefuseTheirInput() {
    TemplateException e = fails("\n{{ raise_exception('Only user: ' ~ 'and assistant!') }}");
    assertEquals("Only user: and assistant!", e.getMessage());
    assertEquals("Only user: and assistant!", e.raised().orElseThrow());
    assertEquals(2, e.line());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"include 'x'", "import 'x' as y", "from 'x' import y", "extends 'x'", "block b"})
  void otherTemplatesAreRefusedByName(String tag) {
    TemplateException e = fails("{% " + tag + " %}");
    assertTrue(e.getMessage().contains("'" + tag.split(" ", 2)[0] + "'"), e.getMessage());
  }

  @Test
  void nothingCanBeChanged() {
    List<Integer> list = new ArrayList<>(List.of(1));
    Map<String, Object> values = Map.of("l", list, "d", new LinkedHashMap<>(Map.of("k", 1)));
    for (String change :
        List.of(
            "l.append(2)", "l.pop()", "l.clear()", "l.sort()", "d.update({'a': 1})", "d.clear()")) {
      TemplateException e =
          assertThrows(TemplateException.class, () -> render("{{ " + change + " }}", values));
      assertTrue(e.getMessage().contains("is unsafe"), e.getMessage());
    }
    assertEquals(List.of(1), list);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for i in range(99999) %}{% for j in range(99999) %}{% for k in range(99999) %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{{ 'x' * 10000 }}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{{ '%2000000000d' % 1 }}",
        "{{ '{:2000000000}'.format(1) }}",
        "{{ 'x'.center(2000000000) }}",
        "{{ 'x' | indent(2000000000, true) }}",
        "{{ [1] | tojson(indent=2000000000) }}",
        "{{ ('a' * 100000).replace('', 'b' * 100000) }}",
        "{{ (['a'] * 100000) | join('b' * 100000) }}",
        "{{ [0] * 1000000000 }}",
        "{{ [1] | batch(1000000000, 0) | list }}",
        "{{ [1] | slice(1000000000) | list }}",
        "{{ 10 ** 1000000000 }}",
        "{% set ns = namespace(s='ab') %}{% for i in range(1000) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(1000) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1], k=[]) %}{% for i in range(99999) %}{% set ns.k = ns.k + [ns.s] %}{% endfor %}",
        "{% set ns = namespace(s=3) %}{% for i in range(1000) %}{% set ns.s = ns.s * ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[]) %}{% for i in range(99999) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=[]) %}{% set ns.s = ns %}{{ ns }}",
        "{% set x = 'a' * 10000000 %}{% for i in range(99999) %}{% if 'b' in x %}{% endif %}{% endfor %}",
        "{% set x = range(99999) | list %}{% for i in range(99999) %}{{ x | sum }}{% endfor %}",
        "{% set x = range(99999) | list %}{% for i in range(99999) %}{% if x == x[:] %}{% endif %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(x) %}{{ m(x) ~ m(x) }}{% endmacro %}{{ m(1) }}",
        "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ range(100001) }}",
        "{{ range(-2000000000, 2000000000) | list }}",
      })
  void noTemplateRunsForeverOrFillsTheMemory(String template) {
    assertTimeoutPreemptively(Duration.ofSeconds(30), () -> fails(template));
  }

  @Test
  void deepNestingIsAnErrorNotAnOverflow() {
    for (String[] pair :
        new String[][] {
          {"(", ")"},
          {"[", "]"},
          {"{'a':", "}"},
          {"-", ""},
          {"not ", ""},
          {"a[", "]"},
          {"f(", ")"},
          {"1 if ", " else 2"}
        }) {
      fails("{{ " + pair[0].repeat(50_000) + "1" + pair[1].repeat(50_000) + " }}");
    }
    fails("{% if 1 %}".repeat(20_000) + "{% endif %}".repeat(20_000));
    fails("{{ 1" + " + 1".repeat(50_000) + " }}");
    fails("{{ 'a'" + " | upper".repeat(50_000) + " }}");
    fails("{{ a" + ".b".repeat(50_000) + " }}");
    fails("{% for " + "(".repeat(50_000) + "a" + ")".repeat(50_000) + " in [] %}{% endfor %}");
    assertEquals("101", render("{{ 1" + " + 1".repeat(100) + " }}", Map.of()));
  }

  @Test
  void literalsCommentsAndTextMayBeLong() {
    String text = "it's \\\\ x ".repeat(100_000);
    assertEquals(
        text.replace("\\\\", "\\") + text,
        render(
            "{{ \"" + text + "\" }}{#" + text + "#}{% raw %}" + text + "{% endraw %}", Map.of()));
  }

  @Test
  void longConversationsStayFarBelowTheLimits() {
    String content = "word ".repeat(200_000);
    String template =
        "{% for m in messages %}{{ '<s>' + m.role + '\n' + (m.content | trim) + '</s>' }}{% endfor %}";
    List<Map<String, String>> messages =
        List.of(
            Map.of("role", "user", "content", content), Map.of("role", "user", "content", content));
    assertEquals(
        2 * (content.strip().length() + "<s>user\n</s>".length()),
        render(template, Map.of("messages", messages)).length());
  }

  @Test
  void oneTemplateServesManyThreads() throws Exception {
    JinjaTemplate template =
        JinjaTemplate.parse(
            "{% set ns = namespace(t='') %}{% for i in range(n) %}{% set ns.t = ns.t ~ i %}{% endfor %}{{ ns.t }}",
            "t");
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Callable<String>> tasks = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        int n = i;
        tasks.add(() -> template.render(Map.of("n", n)));
      }
      int n = 0;
      for (Future<String> result : threads.invokeAll(tasks)) {
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < n; i++) {
          expected.append(i);
        }
        assertEquals(expected.toString(), result.get());
        n++;
      }
    }
  }

  @Test
  void textsAreEqualByTheirCharacters() {
    assertEquals(Text.of("a", 3), Text.of("a"));
    assertEquals(Text.of("a", 3).hashCode(), Text.of("a").hashCode());
    assertEquals(3, Text.of("ab", 3).originAt(1));
    assertTrue(Text.of("\uE000").compareTo(Text.of("\uD83D\uDE00")) < 0);
    assertThrows(IllegalArgumentException.class, () -> Text.of("a", 128));
  }
}

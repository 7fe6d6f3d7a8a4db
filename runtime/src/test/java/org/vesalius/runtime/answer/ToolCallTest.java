package org.vesalius.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.answer.Streams.Question;

class ToolCallTest {
  private static final List<Map<String, Object>> TOOLS =
      tools(
          """
          [{"type": "function", "function": {"name": "zoom", "parameters": {"type": "object", "properties": {
            "factor": {"type": "number"}, "image": {"type": "integer"}, "label": {"type": "string"},
            "box": {"type": "array"}, "options": {"type": "object"}, "mirror": {"type": "boolean"},
            "note": {"type": ["null", "string"]}}}}}]
          """);

  private static List<Map<String, Object>> tools(String json) {
    try {
      return new ObjectMapper().readValue(json, new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private static final Question HERMES = Question.of(AnswerFormat.QWEN3);
  private static final Question SEED = Question.of(AnswerFormat.SEED_OSS).withTools(TOOLS);
  private static final Question MISTRAL = Question.of(AnswerFormat.MISTRAL);
  private static final Question LLAMA = Question.of(AnswerFormat.LLAMA).withTools(TOOLS);
  private static final Question GEMMA = Question.of(AnswerFormat.GEMMA3).withTools(TOOLS);

  /** Name and arguments of each call, or its problem. */
  private static List<String> calls(ParsedAnswer answer) {
    return answer.toolCalls().stream()
        .map(call ->
            call.problem()
                .map(problem -> "! " + problem)
                .orElseGet(() -> call.name() + call.argumentsJson()))
        .toList();
  }

  private static void check(Question question, String text, String rest, String... calls) {
    ParsedAnswer answer = question.parse(text);
    assertEquals(List.of(calls), calls(answer), text);
    assertEquals(rest, answer.text(), text);
  }

  /** One malformed call, whose text stays. */
  private static void malformed(Question question, String text, String raw, String problem) {
    ParsedAnswer answer = question.parse(text);
    assertEquals(1, answer.toolCalls().size(), () -> calls(answer).toString());
    ToolCall call = answer.toolCalls().getFirst();
    assertTrue(call.problem().orElse("none").contains(problem), call.problem()::toString);
    assertEquals(raw, call.raw());
    assertEquals(text, answer.text());
    assertEquals(Map.of(), call.arguments());
  }

  private static String hermes(String json) {
    return "<tool_call>\n" + json + "\n</tool_call>";
  }

  @Test
  void hermes() {
    String first =
        "{\"name\": \"a\", \"arguments\": {\"x\": [1, 2.5, null], \"y\": \"</tool_call>\"}}";
    String second = "{\"name\": \"b\", \"arguments\": {}}";
    check(
        HERMES,
        "Let me look.\n\n" + hermes(first) + "\n" + hermes(second) + "\n",
        "Let me look.",
        "a{\"x\":[1,2.5,null],\"y\":\"</tool_call>\"}",
        "b{}");
    check(HERMES, hermes(second) + "\nMore", "More", "b{}");
    check(HERMES, "A\n" + hermes(second) + "\nB", "A\nB", "b{}");
    check(HERMES, "No call, a <tool_ or </tool_call>\n", "No call, a <tool_ or </tool_call>\n");
    assertEquals(hermes(second), HERMES.parse("x" + hermes(second)).toolCalls().getFirst().raw());
  }

  @Test
  void malformedHermes() {
    for (String[] each :
        new String[][] {
          {"{\"name\": \"a\", \"arguments\": {\"x\": 1}", "not JSON"},
          {"{\"name\": \"a\", \"arguments\": {\"x\": \"oops}}", "not JSON"},
          {"{\"name\": \"a\"}", "expected one of [arguments], found none"},
          {"{\"name\": \"a\", \"arguments\": \"{}\"}", "expected an object, found a string"},
          {"{\"name\": 1, \"arguments\": {}}", "\"name\""},
          {"[]", "expected a JSON object, found an array"},
          {"", "found nothing"},
          {"{\"name\": \"a\", \"arguments\": {}} {}", "not JSON"},
          {"{\"name\": \"a\", \"name\": \"b\", \"arguments\": {}}", "Duplicate"},
          {"{\"name\": \"a\", \"arguments\": {\"x\": NaN}}", "not JSON"},
          {"{\"name\": \"a\", \"arguments\": {\"x\": 1e999}}", "too large"},
          {"get_weather()", "not JSON"}
        }) {
      malformed(HERMES, "x\n" + hermes(each[0]) + "\ny\n", hermes(each[0]), each[1]);
    }
    String open = "<tool_call>\n{\"name\": \"a\", \"arguments\": {}}\n";
    malformed(HERMES, "x" + open, open, "incomplete");
    // One forgotten quote does not swallow the next call.
    check(
        HERMES,
        hermes("{\"name\": \"a") + hermes("{\"name\": \"b\", \"arguments\": {}}"),
        hermes("{\"name\": \"a"),
        "! "
            + HERMES.parse(hermes("{\"name\": \"a")).toolCalls().getFirst().problem().orElseThrow(),
        "b{}");
  }

  @Test
  void aCallInsideReasoningIsNoCall() {
    String call = hermes("{\"name\": \"a\", \"arguments\": {}}");
    ParsedAnswer answer = HERMES.parse("<think>\nmaybe " + call + "\n</think>\n" + call);
    assertEquals(1, answer.toolCalls().size());
    assertEquals("maybe " + call, answer.reasoning());
    assertEquals("", answer.text());
    check(HERMES, "Hm <think>" + call + "</think>" + call, "Hm <think>" + call + "</think>", "a{}");
    check(HERMES.opened(ReasoningFormat.THINK), call, "");
    String seed = "<seed:tool_call><function=zoom></function></seed:tool_call>";
    check(SEED, "<seed:think>" + seed + "</seed:think>\n" + seed, "", "zoom{}");
  }

  private static String seed(String body) {
    return "<seed:tool_call>\n" + body + "\n</seed:tool_call>";
  }

  private static String parameter(String key, String value) {
    return "<parameter=" + key + ">" + value + "</parameter>\n";
  }

  @Test
  void seed() {
    check(
        SEED,
        "Zoom.\n"
            + seed(
                "<function=zoom>\n"
                    + parameter("factor", "1.5")
                    + parameter("image", " 2 ")
                    + parameter("label", "12")
                    + parameter("box", "[1, 2]")
                    + parameter("options", "{'a': True, 'b': [None, 'x']}")
                    + parameter("mirror", "False")
                    + parameter("note", "None")
                    + parameter("other", "3")
                    + "</function>"),
        "Zoom.",
        "zoom{\"factor\":1.5,\"image\":2,\"label\":\"12\",\"box\":[1,2],\"options\":{\"a\":true,\"b\":[null,"
            + "\"x\"]},\"mirror\":false,\"note\":null,\"other\":\"3\"}");
    check(
        SEED,
        seed("<function=unknown>" + parameter("n", "a <b> & \"c\"\nd") + "</function>"),
        "",
        "unknown{\"n\":\"a <b> & \\\"c\\\"\\nd\"}");
    check(
        SEED,
        seed("<function=a></function>\n<function=b></function>")
            + "\n"
            + seed("<function=c></function>"),
        "",
        "a{}",
        "b{}",
        "c{}");
  }

  @Test
  void malformedSeed() {
    for (String[] each :
        new String[][] {
          {"", "expected <function="},
          {"<function=zoom>\n" + parameter("image", "two") + "</function>", "expected integer"},
          {"<function=zoom>\n" + parameter("factor", "1e999") + "</function>", "expected number"},
          {"<function=zoom>\n" + parameter("options", "[1]") + "</function>", "expected object"},
          {
            "<function=zoom>\n" + parameter("image", "1") + parameter("image", "1") + "</function>",
            "twice"
          },
          {"<function=zoom>\n" + parameter("image", "1"), "expected <parameter="},
          {"<function=zoom>\n<parameter=image>1</function>", "expected </parameter>"},
          {"<function=>\n</function>", "expected <function=NAME>"},
          {"{\"name\": \"zoom\"}", "expected <function="}
        }) {
      malformed(SEED, seed(each[0]), seed(each[0]), each[1]);
    }
    malformed(
        SEED, "<seed:tool_call>\n<function=a>", "<seed:tool_call>\n<function=a>", "incomplete");
  }

  @Test
  void mistral() {
    String one = "{\"name\": \"a\", \"arguments\": {\"x\": \"[]}\"}, \"id\": \"abc123def\"}";
    String two = "{\"name\": \"b\", \"arguments\": {}}";
    check(MISTRAL, "[TOOL_CALLS][" + one + ", " + two + "]", "", "a{\"x\":\"[]}\"}", "b{}");
    ParsedAnswer answer = MISTRAL.parse("[TOOL_CALLS] [" + one + "]");
    assertEquals(Optional.of("abc123def"), answer.toolCalls().getFirst().id());
    check(
        MISTRAL,
        "Sure.[TOOL_CALLS]a[ARGS]{\"x\": 1}[TOOL_CALLS]b.c-d[CALL_ID]k9[ARGS] {}",
        "Sure.",
        "a{\"x\":1}",
        "b.c-d{}");
    assertEquals(
        Optional.of("k9"),
        MISTRAL.parse("[TOOL_CALLS]b[CALL_ID]k9[ARGS]{}").toolCalls().getFirst().id());
    check(MISTRAL, "[TOOL_CALLS]a{\"x\": 1}", "", "a{\"x\":1}");
    check(MISTRAL, "see [1] and [TOOL", "see [1] and [TOOL");
  }

  @Test
  void malformedMistral() {
    for (String[] each :
        new String[][] {
          {"[TOOL_CALLS]", "incomplete"},
          {"[TOOL_CALLS][]", "empty list"},
          {"[TOOL_CALLS]a[ARGS]", "incomplete"},
          {"[TOOL_CALLS]a[ARGS]{\"x\": ", "does not end"},
          {"[TOOL_CALLS]a[ARGS]{x}", "not JSON"}
        }) {
      malformed(MISTRAL, each[0], each[0], each[1]);
    }
    malformed(MISTRAL, "[TOOL_CALLS] foo bar", "[TOOL_CALLS] foo", "name[ARGS]");
    malformed(MISTRAL, "[TOOL_CALLS](x)", "[TOOL_CALLS]", "name[ARGS]");
    // What is whole counts, what is cut off is reported.
    check(
        MISTRAL,
        "[TOOL_CALLS][{\"name\": \"a\", \"arguments\": {}}, {\"name\": \"b\", \"argu",
        "{\"name\": \"b\", \"argu",
        "a{}",
        "! incomplete: the JSON does not end");
    check(
        MISTRAL,
        "[TOOL_CALLS]a[ARGS]{\"x\": [TOOL_CALLS]b[ARGS]{}",
        "[TOOL_CALLS]a[ARGS]{\"x\": ",
        "! incomplete: the JSON does not end",
        "b{}");
    // As special tokens the marks are not shown: what remains is what decoding alone gives.
    assertEquals(
        "one foo bar",
        MISTRAL.hiding(ToolCallFormat.MISTRAL.marks()).parse("one[TOOL_CALLS] foo bar").text());
  }

  @Test
  void llama() {
    String one = "{\"name\": \"a\", \"parameters\": {\"x\": \"; \"}}";
    check(LLAMA, one, "", "a{\"x\":\"; \"}");
    check(
        LLAMA,
        "\n" + one + "; {\"type\": \"function\", \"name\": \"b\", \"parameters\": {}}\n",
        "",
        "a{\"x\":\"; \"}",
        "b{}");
    check(LLAMA, "<|python_tag|>" + one, "", "a{\"x\":\"; \"}");
    check(
        LLAMA,
        "<|python_tag|>brave_search.call(query=\"lung \\\"nodule\\\"\")",
        "",
        "brave_search{\"query\":\"lung \\\"nodule\\\"\"}");
    check(Question.of(AnswerFormat.LLAMA), "<|python_tag|>" + one, "", "a{\"x\":\"; \"}");
    // Without tools, or in the middle, or with other keys, JSON is an answer.
    check(Question.of(AnswerFormat.LLAMA), one, one);
    check(LLAMA, "So: " + one, "So: " + one);
    check(LLAMA, "{\"finding\": \"nodule\"}", "{\"finding\": \"nodule\"}");
    check(LLAMA, "{\"name\": \"Ann\", \"age\": 5}", "{\"name\": \"Ann\", \"age\": 5}");
    check(LLAMA, "{", "{");
    check(LLAMA, " ", " ");
  }

  @Test
  void malformedLlama() {
    for (String[] each :
        new String[][] {
          {"{\"name\": \"a\", \"parameters\": {\"x\": 1}", "does not end"},
          {"{\"name\": \"a\", \"parameters\": {x}}", "not JSON"},
          {"{\"name\": \"a\", \"parameters\": 1}", "expected an object"}
        }) {
      malformed(LLAMA, each[0], each[0], each[1]);
    }
    malformed(LLAMA, "<|python_tag|>", "<|python_tag|>", "incomplete");
    ParsedAnswer code = LLAMA.parse("<|python_tag|>import os");
    assertTrue(code.toolCalls().getFirst().isMalformed());
    assertEquals("<|python_tag|>import os", code.text());
    check(
        LLAMA,
        "{\"name\": \"a\", \"parameters\": {}} because",
        "because",
        "a{}",
        "! expected a JSON object, found \"because\"");
  }

  @Test
  void gemma() {
    check(
        GEMMA,
        "I will.\n```tool_code\nzoom(factor=-1.5, box=[1, (2, 3)], options={'a': None, \"b\": True}, label='it\\'s')\n```\n",
        "I will.",
        "zoom{\"factor\":-1.5,\"box\":[1,[2,3]],\"options\":{\"a\":null,\"b\":true},\"label\":\"it's\"}");
    check(GEMMA, "```tool_code\nprint(a.b(x=1))\nc()\n```", "", "a.b{\"x\":1}", "c{}");
    check(GEMMA, "```json\n{\"name\": \"a\", \"parameters\": {\"x\": 1}}\n```", "", "a{\"x\":1}");
    check(
        GEMMA,
        "```json\n[{\"name\": \"a\", \"parameters\": {}}, {\"name\": \"b\", \"args\": {}}]\n```",
        "",
        "a{}",
        "b{}");
    check(GEMMA, "[a(x=1), b()]", "", "a{\"x\":1}", "b{}");
    check(GEMMA, "{\"name\": \"a\", \"parameters\": {}}", "", "a{}");
    String boxes = "```json\n[{\"box_2d\": [1, 2, 3, 4], \"label\": \"x\"}]\n```";
    check(GEMMA, boxes, boxes);
    check(GEMMA, "[1] says (a)", "[1] says (a)");
    check(GEMMA, "[see (a)]", "[see (a)]");
    check(GEMMA, "```python\nf(x=1)\n```", "```python\nf(x=1)\n```");
    String fenced = "```tool_code\na()\n```";
    check(Question.of(AnswerFormat.GEMMA3), fenced, fenced);
    check(GEMMA, "<unused94>thought\n" + fenced + "<unused95>Done.", "Done.");
  }

  @Test
  void malformedGemma() {
    for (String[] each :
        new String[][] {
          {"```tool_code\nzoom(1.5)\n```", "key=value"},
          {"```tool_code\nzoom(x=open('f'))\n```", "literal"},
          {"```tool_code\nzoom(x=1, x=2)\n```", "twice"},
          {"```tool_code\nzoom(x='a\n```", "end of a string"},
          {"```tool_code\nimport os\n```", "expected '('"},
          {"```tool_code\nzoom(x=1)", "incomplete"},
          {"```json\n{\"name\": \"a\", \"parameters\": {\n```", "does not end"},
          {"[a(x=1), ", "incomplete"}
        }) {
      ParsedAnswer answer = GEMMA.parse(each[0]);
      ToolCall last = answer.toolCalls().getLast();
      assertTrue(last.problem().orElse("none").contains(each[1]), () -> calls(answer).toString());
      assertTrue(each[0].contains(last.raw().strip()), last.raw());
    }
  }

  @Test
  void noFormatMeansNoCalls() {
    String text = hermes("{\"name\": \"a\", \"arguments\": {}}") + "\n[TOOL_CALLS]";
    check(Question.of(AnswerFormat.LLAVA).withTools(TOOLS), text, text);
  }
}

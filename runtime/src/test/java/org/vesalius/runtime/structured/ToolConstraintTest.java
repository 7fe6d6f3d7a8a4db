package org.vesalius.runtime.structured;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vesalius.runtime.ResponseFormat;
import org.vesalius.runtime.ToolChoice;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.AnswerParser;
import org.vesalius.runtime.answer.GroundingFormat;
import org.vesalius.runtime.answer.ParsedAnswer;
import org.vesalius.runtime.answer.ReasoningFormat;
import org.vesalius.runtime.answer.ToolCall;
import org.vesalius.runtime.answer.ToolCallFormat;
import org.vesalius.runtime.structured.OutputConstraint.Reasoning;

/** Calls that constraints let a model write, read by the parser of answers. */
class ToolConstraintTest {
  private static final int WALKS = 40;
  private static final List<Map<String, Object>> TOOLS = List.of(lookUp(), free(), bare());

  private static Map<String, Object> tool(String name, Map<String, Object> parameters) {
    return Map.of("type", "function", "function", Map.of("name", name, "parameters", parameters));
  }

  private static Map<String, Object> lookUp() {
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("code", Map.of("type", "string", "pattern", "^[A-Z]\\d{2}$"));
    properties.put("count", Map.of("type", "integer", "minimum", 1, "maximum", 10));
    properties.put("exact", Map.of("type", "boolean"));
    properties.put("note", Map.of("type", "string"));
    properties.put("either", Map.of("type", List.of("string", "null", "integer")));
    properties.put("range", Map.of("type", "array", "items", Map.of("type", "number")));
    return tool(
        "look_up", Map.of("type", "object", "properties", properties, "required", List.of("code")));
  }

  private static Map<String, Object> free() {
    return tool(
        "save",
        Map.of(
            "type",
            "object",
            "properties",
            Map.of("data", Map.of("type", "object")),
            "required",
            List.of("data")));
  }

  private static Map<String, Object> bare() {
    return Map.of("type", "function", "function", Map.of("name", "now"));
  }

  private static AnswerFormat answers(ToolCallFormat format) {
    return new AnswerFormat(List.of(ReasoningFormat.THINK), format, GroundingFormat.NONE);
  }

  private static OutputConstraint compile(
      ToolCallFormat format, ToolChoice choice, TokenVocabulary vocabulary) {
    return OutputConstraint.compile(
        ResponseFormat.text(), TOOLS, choice, answers(format), new Reasoning.None(), vocabulary);
  }

  private static ParsedAnswer parse(String text, ToolCallFormat format) {
    return AnswerParser.parse(text, answers(format), TOOLS, List.of());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void requiredCallsAlwaysParse(ToolCallFormat format) {
    for (boolean tokens : new boolean[] {true, false}) {
      TokenVocabulary vocabulary = Vocabularies.nasty(tokens, false);
      OutputConstraint any = compile(format, ToolChoice.required(), vocabulary);
      OutputConstraint named = compile(format, ToolChoice.named("look_up"), vocabulary);
      Random random = new Random(4);
      for (int i = 0; i < WALKS; i++) {
        String text = Walks.walk(any, vocabulary, random, 40);
        List<ToolCall> calls = parse(text, format).toolCalls();
        assertFalse(calls.isEmpty(), text);
        calls.forEach(call -> check(call, text));
        String one = Walks.walk(named, vocabulary, random, 40);
        calls = parse(one, format).toolCalls();
        assertEquals(1, calls.size(), one);
        assertEquals("look_up", calls.getFirst().name());
        check(calls.getFirst(), one);
      }
    }
  }

  private static void check(ToolCall call, String text) {
    assertFalse(call.isMalformed(), () -> call.problem() + " in " + text);
    Map<String, ?> arguments = call.arguments();
    switch (call.name()) {
      case "look_up" -> {
        assertTrue(String.valueOf(arguments.get("code")).matches("[A-Z][0-9]{2}"), text);
        if (arguments.get("count") instanceof Number count) {
          assertTrue(count.intValue() >= 1 && count.intValue() <= 10, text);
        }
        if (arguments.containsKey("exact")) {
          assertTrue(arguments.get("exact") instanceof Boolean, text);
        }
        if (arguments.containsKey("range")) {
          assertTrue(arguments.get("range") instanceof List, text);
        }
      }
      case "save" -> assertTrue(arguments.get("data") instanceof Map, text);
      case "now" -> assertEquals(Map.of(), arguments, text);
      default -> throw new AssertionError("no such tool: " + call.name() + " in " + text);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void callsThatAModelMixesInAlwaysParse(ToolCallFormat format) {
    TokenVocabulary vocabulary = Vocabularies.nasty(true, false);
    OutputConstraint constraint = compile(format, ToolChoice.auto(), vocabulary);
    Random random = new Random(5);
    String opening = format.marks().isEmpty() ? "{\"name\": \"" : format.marks().getFirst();
    int called = 0;
    for (int i = 0; i < WALKS; i++) {
      OutputState state = constraint.start();
      StringBuilder text = new StringBuilder();
      for (int step = 0; step < 400; step++) {
        int mark = byText(vocabulary, opening);
        int[] ids = state.mask().ids();
        if (state.canEnd() && (ids.length == 0 || step > 40)) {
          break;
        }
        boolean marked = mark >= 0 && state.allows(mark) && step < 20 && random.nextInt(4) == 0;
        int id = marked ? mark : ids[random.nextInt(ids.length)];
        for (String close : new String[] {"}", "]", "\"", ">", "\n", "1"}) {
          int closing = byText(vocabulary, close);
          if (!state.canEnd() && step > 30 && state.allows(closing) && random.nextInt(4) > 0) {
            id = closing;
            break;
          }
        }
        state.accept(id);
        text.append(new String(Vocabularies.bytes(vocabulary, id), StandardCharsets.ISO_8859_1));
      }
      if (state.canEnd()) {
        String answer = Walks.utf8(text.toString().getBytes(StandardCharsets.ISO_8859_1));
        List<ToolCall> calls = parse(answer, format).toolCalls();
        calls.forEach(call -> check(call, answer));
        called += calls.size();
      }
    }
    assertTrue(called > 0, "no call was written");
  }

  private static int byText(TokenVocabulary vocabulary, String text) {
    for (int id = 0; id < vocabulary.size(); id++) {
      if (new String(Vocabularies.bytes(vocabulary, id), StandardCharsets.UTF_8).equals(text)) {
        return id;
      }
    }
    return -1;
  }

  @ParameterizedTest
  @EnumSource
  void noneWritesNoCall(ToolCallFormat format) {
    for (boolean tokens : new boolean[] {true, false}) {
      TokenVocabulary vocabulary = Vocabularies.nasty(tokens, false);
      OutputConstraint constraint = compile(format, ToolChoice.none(), vocabulary);
      Random random = new Random(6);
      for (int i = 0; i < WALKS; i++) {
        String text = Walks.walk(constraint, vocabulary, random, 30);
        assertEquals(List.of(), parse(text, format).toolCalls(), text);
      }
      for (String mark : format.marks()) {
        if (mark.equals(format.marks().getFirst())) {
          OutputState state = constraint.start();
          byte[] spelled = mark.getBytes(StandardCharsets.UTF_8);
          for (int k = 0; k + 1 < spelled.length; k++) {
            state.accept(spelled[k]);
          }
          assertFalse(state.allows(spelled[spelled.length - 1]), mark);
          assertFalse(tokens && constraint.start().allows(byText(vocabulary, mark)), mark);
        }
      }
    }
  }

  @Test
  void whatCannotBeAskedForIsRefused() {
    TokenVocabulary vocabulary = Vocabularies.nasty();
    assertThrows(
        UnsupportedFormatException.class,
        () -> compile(ToolCallFormat.NONE, ToolChoice.required(), vocabulary));
    UnsupportedFormatException error =
        assertThrows(
            UnsupportedFormatException.class,
            () -> compile(ToolCallFormat.HERMES, ToolChoice.named("other"), vocabulary));
    assertTrue(String.valueOf(error.getMessage()).contains("look_up"), error.getMessage());
    error =
        assertThrows(
            UnsupportedFormatException.class,
            () ->
                OutputConstraint.compile(
                    ResponseFormat.text(),
                    List.of(tool("t", Map.of("type", "object", "not", Map.of()))),
                    ToolChoice.auto(),
                    AnswerFormat.QWEN3,
                    new Reasoning.None(),
                    vocabulary));
    assertTrue(String.valueOf(error.getMessage()).contains("\"t\""), error.getMessage());
    assertTrue(String.valueOf(error.getMessage()).contains("#/not"), error.getMessage());
  }

  @Test
  void reasoningIsFreeAndTheAnswerIsNot() {
    TokenVocabulary vocabulary = Vocabularies.nasty();
    for (Reasoning reasoning :
        List.of(new Reasoning.Open(ReasoningFormat.THINK), new Reasoning.Possible())) {
      OutputConstraint constraint =
          OutputConstraint.compile(
              ResponseFormat.regex("[ab]{3}"),
              List.of(),
              ToolChoice.auto(),
              AnswerFormat.QWEN3,
              reasoning,
              vocabulary);
      OutputState state = constraint.start();
      if (reasoning instanceof Reasoning.Possible) {
        assertTrue(state.allows('a'));
        assertFalse(state.allows('c'));
        state.accept(byText(vocabulary, "<think>"));
      }
      state.accept('c');
      state.accept(byText(vocabulary, "<|other|>"));
      assertFalse(state.canEnd());
      state.accept(byText(vocabulary, "</think>"));
      state.accept('\n');
      assertFalse(state.allows('c'));
      Walks.assertExact(state, vocabulary, "after reasoning");
      state.accept('a');
      state.accept('b');
      state.accept('a');
      assertTrue(state.mustEnd());
    }
  }

  @Test
  void textIsFree() {
    TokenVocabulary vocabulary = Vocabularies.nasty();
    OutputConstraint constraint = OutputConstraint.compile(ResponseFormat.text(), vocabulary);
    assertTrue(constraint.isFree());
    assertTrue(constraint.start().canEnd());
    assertTrue(constraint.start().allows(byText(vocabulary, "<tool_call>")));
  }
}

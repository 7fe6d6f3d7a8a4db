package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.ResponseFormat;
import org.vesalius.runtime.SamplingOptions;
import org.vesalius.runtime.ToolChoice;
import org.vesalius.runtime.answer.ToolCall;

/** A real model's answers in formats that were asked for, and its calls of tools. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // opened before all tests
class StructuredOutputTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Map<String, Object> FINDINGS =
      object(
          "nodule",
          Map.of("type", "boolean"),
          "zone",
          Map.of("enum", List.of("left upper", "left lower", "right upper", "right lower")),
          "diameter_mm",
          Map.of("type", "integer", "minimum", 1, "maximum", 99));

  private static final List<Map<String, Object>> TOOLS =
      List.of(
          tool("measure", object("from", Map.of("type", "integer", "minimum", 0, "maximum", 512))),
          tool("zoom", object("factor", Map.of("enum", List.of(2, 4)))));

  private DemoModel demo;
  private ChatModel model;

  @BeforeAll
  void open() {
    demo = DemoModel.unpack();
    model = ChatModel.open(demo.directory());
  }

  @AfterAll
  void close() {
    model.close();
    demo.close();
  }

  /** An object all of whose properties are required, in this order. */
  private static Map<String, Object> object(Object... properties) {
    Map<String, Object> all = new LinkedHashMap<>();
    for (int i = 0; i < properties.length; i += 2) {
      all.put((String) properties[i], properties[i + 1]);
    }
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", all);
    schema.put("required", List.copyOf(all.keySet()));
    schema.put("additionalProperties", false);
    return schema;
  }

  private static Map<String, Object> tool(String name, Map<String, Object> parameters) {
    return Map.of("type", "function", "function", Map.of("name", name, "parameters", parameters));
  }

  private ChatRequest.Builder ask(String question) {
    return ChatRequest.builder()
        .user(Part.image(demo.example("nodule.png")), Part.text(question))
        .reasoningTokens(0) // its tokenizer has the marks, and it has never learned what they mean
        .maxTokens(300);
  }

  private static SamplingOptions sampling(int seed) {
    return seed == 0
        ? SamplingOptions.greedy()
        : SamplingOptions.greedy().withTemperature(1.5).withSeed(seed);
  }

  @TestFactory
  Stream<DynamicTest> whatASchemaAllows() {
    return Stream.of(0, 1, 2, 3)
        .map(seed ->
            DynamicTest.dynamicTest(
                "seed " + seed,
                () -> {
                  Generation generation =
                      model.generate(
                          ask("Where is the nodule?")
                              .responseFormat(ResponseFormat.jsonSchema(FINDINGS))
                              .sampling(sampling(seed))
                              .build());
                  assertEquals(FinishReason.STOP, generation.finishReason(), generation::toString);
                  JsonNode json = JSON.readTree(generation.text());
                  assertEquals(3, json.size(), generation.text());
                  assertTrue(json.get("nodule").isBoolean(), generation.text());
                  assertTrue(json.get("zone").asText().matches("(left|right) (upper|lower)"));
                  int diameter = json.get("diameter_mm").intValue();
                  assertTrue(diameter >= 1 && diameter <= 99, generation.text());
                }));
  }

  @Test
  void whatAnExpressionMatches() {
    Generation generation =
        model.generate(
            ask("Is there a nodule?")
                .responseFormat(ResponseFormat.regex("(Yes|No), \\d+ mm"))
                .build());
    assertTrue(generation.text().matches("(Yes|No), \\d+ mm"), generation.text());
  }

  @Test
  void anObjectWhateverIsInIt() throws IOException {
    Generation generation =
        model.generate(
            ask("Write a report.")
                .responseFormat(ResponseFormat.jsonObject())
                .maxTokens(600)
                .build());
    if (generation.finishReason() == FinishReason.STOP) {
      assertTrue(JSON.readTree(generation.text()).isObject(), generation.text());
    } else {
      assertTrue(generation.text().startsWith("{"), generation.text());
    }
  }

  @Test
  void guessesChangeNothing() {
    ChatRequest.Builder request =
        ask("Where is the nodule?").responseFormat(ResponseFormat.jsonSchema(FINDINGS));
    List<Integer> plain = model.generate(request.build()).tokenIds();
    assertEquals(plain, model.generate(request.speculativeTokens(8).build()).tokenIds());
  }

  @TestFactory
  Stream<DynamicTest> toolsThatHaveToBeCalled() {
    return Stream.of(ToolChoice.required(), ToolChoice.named("zoom"))
        .flatMap(choice ->
            Stream.of(0, 1, 2, 3)
                .map(seed ->
                    DynamicTest.dynamicTest(choice + " " + seed, () -> calls(choice, seed))));
  }

  private void calls(ToolChoice choice, int seed) {
    Generation generation =
        model.generate(
            ask("Measure the nodule.")
                .tools(TOOLS)
                .toolChoice(choice)
                .sampling(sampling(seed))
                .build());
    assertFalse(generation.toolCalls().isEmpty(), generation.text());
    int complete =
        generation.finishReason() == FinishReason.STOP
            ? generation.toolCalls().size()
            : generation.toolCalls().size() - 1;
    for (ToolCall call : generation.toolCalls().subList(0, complete)) {
      assertTrue(call.problem().isEmpty(), call::toString);
      if (choice instanceof ToolChoice.Named) {
        assertEquals("zoom", call.name());
      }
      Object value = call.arguments().get(call.name().equals("zoom") ? "factor" : "from");
      assertTrue(value instanceof Number, call::toString);
    }
  }

  @Test
  void toolsThatMustNotBeCalledAreNot() {
    Generation generation =
        model.generate(ask("Write a report.").tools(TOOLS).toolChoice(ToolChoice.none()).build());
    assertEquals(List.of(), generation.toolCalls());
  }

  @Test
  void aFormatThatIsNotSupportedIsRefusedByName() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                model.generate(
                    ask("?")
                        .responseFormat(
                            ResponseFormat.jsonSchema(Map.of("type", "array", "uniqueItems", true)))
                        .build()));
    assertTrue(String.valueOf(e.getMessage()).contains("uniqueItems"), e::toString);
    assertEquals(0, model.requests());
  }
}

package org.vesalius.runtime.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.runtime.prompt.jinja.JinjaTemplate;
import org.vesalius.runtime.prompt.jinja.TemplateException;

/** Twenty public templates over ten conversations, against what transformers makes of them. */
class ChatTemplateGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2025-01-02T03:04:05Z"), ZoneOffset.UTC);
  private static final List<ControlToken> CONTROL_TOKENS =
      List.of(
          new ControlToken("<|im_start|>", true),
          new ControlToken("<|im_end|>", true),
          new ControlToken("<start_of_turn>", true),
          new ControlToken("<end_of_turn>", true),
          new ControlToken("<|start_header_id|>", true),
          new ControlToken("<|eot_id|>", true),
          new ControlToken("[INST]", true),
          new ControlToken("<BOS>", true),
          new ControlToken("<EOS>", true),
          new ControlToken("<think>", false),
          new ControlToken("</think>", false),
          new ControlToken("<tool_call>", false),
          new ControlToken("\n\n", false));

  private static Path directory = Path.of("");
  private static JsonNode golden = JSON.createObjectNode();

  @BeforeAll
  static void read() throws IOException {
    String assets = System.getProperty("vesalius.assets", "");
    directory = Path.of(assets, "chat-templates");
    Path file = directory.resolve("golden.json");
    assumeTrue(
        !assets.isEmpty() && Files.isRegularFile(file),
        "chat-templates/golden.json is missing: give -Dvesalius.assets");
    golden = JSON.readTree(file.toFile());
  }

  /** What one golden says, and a way to get our answer to it. */
  private record Case(JsonNode golden, String name, Map<String, @Nullable Object> conversation) {
    @Nullable String expected() {
      return golden.path("rendered").textValue();
    }

    String error() {
      return golden.path("error").asText();
    }

    boolean addGenerationPrompt() {
      return golden.get("add_generation_prompt").asBoolean();
    }

    Map<String, @Nullable Object> kwargs() {
      return JSON.convertValue(golden.get("kwargs"), new TypeReference<>() {});
    }
  }

  private static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (JsonNode each : golden.get("results")) {
      Map<String, @Nullable Object> conversation =
          JSON.convertValue(
              golden.get("conversations").get(each.get("case").asText()), new TypeReference<>() {});
      String name = each.get("template").asText();
      cases.add(new Case(each, name + " " + each.get("case").asText(), conversation));
    }
    return cases;
  }

  private static Map<String, String> tokens() {
    return JSON.convertValue(golden.get("tokens"), new TypeReference<>() {});
  }

  @Test
  void rendersAllGoldensWithoutAnyLiteralRange() throws IOException {
    Map<String, ChatTemplate> templates = new HashMap<>();
    List<String> wrong = new ArrayList<>();
    int errors = 0;
    for (Case each : cases()) {
      String file = each.golden().get("template").asText();
      ChatTemplate template = templates.get(file);
      if (template == null) {
        template = ChatTemplate.of(Files.readString(directory.resolve(file)), file, tokens());
        templates.put(file, template);
      }
      try {
        RenderedPrompt prompt =
            template.render(
                list(each.conversation().get("messages")),
                each.conversation().get("tools") == null
                    ? null
                    : list(each.conversation().get("tools")),
                each.kwargs(),
                each.addGenerationPrompt(),
                CONTROL_TOKENS,
                CLOCK);
        if (!prompt.text().equals(each.expected())) {
          wrong.add(
              each.name()
                  + ": expected "
                  + each.expected()
                  + each.error()
                  + "\nfound "
                  + prompt.text());
        }
        if (!prompt.literal().isEmpty()) {
          wrong.add(each.name() + ": literal " + prompt.literal());
        }
      } catch (TemplateException e) {
        errors++;
        String expected = each.error();
        String found = e.raised().map(raised -> "TemplateError: " + raised).orElse(e.getMessage());
        String message = expected.substring(expected.indexOf(": ") + 2);
        boolean same =
            e.raised().isPresent()
                ? found.equals(expected)
                : found.endsWith(": " + message) && !expected.startsWith("TemplateError");
        if (!same) {
          wrong.add(each.name() + ": expected error " + expected + ", found " + found);
        }
      }
    }
    assertEquals(List.of(), wrong);
    assertEquals(400, golden.get("results").size());
    assertEquals(66, errors);
  }

  @Test
  void tracingOriginsChangesNoCharacter() throws IOException {
    for (Case each : cases()) {
      if (each.expected() == null) {
        continue;
      }
      String file = each.golden().get("template").asText();
      Map<String, @Nullable Object> variables = new LinkedHashMap<>(tokens());
      variables.put("tools", null);
      variables.put("documents", null);
      variables.putAll(each.conversation());
      variables.keySet().removeAll(List.of("enable_thinking", "add_vision_id"));
      variables.putAll(each.kwargs());
      variables.put("add_generation_prompt", each.addGenerationPrompt());
      String plain =
          JinjaTemplate.parse(Files.readString(directory.resolve(file)), file)
              .render(variables, CLOCK);
      assertEquals(each.expected(), plain, each.name());
    }
  }

  @Test
  void theTemplateOfAProcessorIsFound(@TempDir Path model) throws IOException {
    Files.copy(
        directory.resolve("gemma-3-it.chat_template.json"), model.resolve("chat_template.json"));
    RenderedPrompt prompt =
        ChatTemplate.read(model)
            .render(
                List.of(Map.of("role", "user", "content", "hi")), null, Map.of(), true, List.of());
    assertEquals("<start_of_turn>user\nhi<end_of_turn>\n<start_of_turn>model\n", prompt.text());
  }

  private static List<Map<String, @Nullable Object>> list(@Nullable Object value) {
    return JSON.convertValue(value, new TypeReference<>() {});
  }
}

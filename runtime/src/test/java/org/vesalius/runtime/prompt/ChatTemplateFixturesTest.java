package org.vesalius.runtime.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The prompts of the golden fixtures, with the templates and tokens of their own folders. */
class ChatTemplateFixturesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void fixturesOfTheRepository() throws IOException {
    Path fixtures = Path.of(System.getProperty("vesalius.root", ""), "src", "test", "fixtures");
    int cases = 0;
    for (String family : List.of("qwen2_5_vl", "qwen2", "qwen3")) {
      cases += check(fixtures.resolve(family));
    }
    assertTrue(cases >= 12, "only " + cases + " cases");
  }

  @Test
  void fixturesOfAllFamilies() throws IOException {
    Path fixtures = allFixtures();
    assumeTrue(
        Files.isRegularFile(fixtures.resolve("llava/chat_template.jinja")),
        "the fixtures of all families are missing: give -Dvesalius.fixtures, or a folder"
            + " 'fixtures' beside -Dvesalius.assets");
    int cases = 0;
    try (Stream<Path> families = Files.list(fixtures)) {
      for (Path family : families.filter(Files::isDirectory).sorted().toList()) {
        cases += check(family);
      }
    }
    assertTrue(cases >= 60, "only " + cases + " cases");
  }

  private static Path allFixtures() {
    String fixtures = System.getProperty("vesalius.fixtures", "");
    String assets = System.getProperty("vesalius.assets", "");
    if (fixtures.isEmpty() && !assets.isEmpty()) {
      return Path.of(assets).toAbsolutePath().resolveSibling("fixtures");
    }
    return Path.of(fixtures);
  }

  private static int check(Path family) throws IOException {
    ChatTemplate template = ChatTemplate.read(family);
    List<ControlToken> tokens = controlTokens(family);
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.list(family.resolve("cases"))) {
      all.filter(file -> file.toString().endsWith(".json")).sorted().forEach(files::add);
    }
    for (Path file : files) {
      JsonNode golden = JSON.readTree(file.toFile());
      Map<String, @Nullable Object> kwargs = new LinkedHashMap<>();
      golden
          .path("template_kwargs")
          .properties()
          .forEach(entry ->
              kwargs.put(entry.getKey(), JSON.convertValue(entry.getValue(), Object.class)));
      RenderedPrompt prompt =
          template.render(
              JSON.convertValue(
                  golden.get("messages"),
                  new TypeReference<List<Map<String, @Nullable Object>>>() {}),
              golden.path("tools").isArray()
                  ? JSON.convertValue(
                      golden.get("tools"),
                      new TypeReference<List<Map<String, @Nullable Object>>>() {})
                  : null,
              kwargs,
              golden.get("add_generation_prompt").asBoolean(),
              tokens);
      assertEquals(golden.get("prompt").asText(), prompt.text(), file.toString());
      assertEquals(List.of(), prompt.literal(), file.toString());
    }
    return files.size();
  }

  static List<ControlToken> controlTokens(Path family) throws IOException {
    List<ControlToken> tokens = new ArrayList<>();
    for (JsonNode token :
        JSON.readTree(family.resolve("tokenizer.json").toFile()).get("added_tokens")) {
      tokens.add(new ControlToken(token.get("content").asText(), token.get("special").asBoolean()));
    }
    assertTrue(!tokens.isEmpty());
    return tokens;
  }
}

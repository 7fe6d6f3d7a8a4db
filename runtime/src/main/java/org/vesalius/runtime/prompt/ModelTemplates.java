package org.vesalius.runtime.prompt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vesalius.runtime.prompt.jinja.JinjaTemplate;
import org.vesalius.runtime.prompt.jinja.TemplateException;

/** Finds the chat templates and special tokens in the files of a model, as transformers does. */
final class ModelTemplates {
  static final String DEFAULT = "default";
  static final String TOOL_USE = "tool_use";

  private static final String JINJA_FILE = "chat_template.jinja";
  private static final String JSON_FILE = "chat_template.json";
  private static final String CONFIG_FILE = "tokenizer_config.json";
  private static final String FURTHER_TEMPLATES = "additional_chat_templates";
  private static final List<String> SPECIAL_TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path directory;
  private final Map<String, JinjaTemplate> templates = new LinkedHashMap<>();

  private ModelTemplates(Path directory) {
    this.directory = directory;
  }

  static ChatTemplate read(Path directory, Optional<String> ofFamily) {
    ModelTemplates model = new ModelTemplates(directory);
    JsonNode config = model.json(CONFIG_FILE);
    Path jinja = directory.resolve(JINJA_FILE);
    JsonNode legacy = model.json(JSON_FILE).path("chat_template");
    if (Files.isRegularFile(jinja)) {
      model.add(DEFAULT, text(jinja), JINJA_FILE);
      model.addFurther();
    } else if (!legacy.isMissingNode()) {
      model.add(legacy, JSON_FILE);
    } else if (ofFamily.isPresent()) {
      model.add(DEFAULT, ofFamily.get(), "chat template of the family");
    } else {
      model.add(config.path("chat_template"), CONFIG_FILE);
    }
    if (model.templates.isEmpty()) {
      throw new TemplateException(
          directory.toString(),
          0,
          "no chat template: expected %s, %s or \"chat_template\" in %s. The model may be one that"
                  .formatted(JINJA_FILE, JSON_FILE, CONFIG_FILE)
              + " only continues text; otherwise take the file from the model's publisher");
    }
    return new ChatTemplate(model.templates, model.specialTokens(config));
  }

  private void add(JsonNode template, String file) {
    if (template.isTextual()) {
      add(DEFAULT, template.asText(), file);
    } else if (template.isArray()) {
      for (JsonNode entry : template) {
        if (!entry.path("name").isTextual() || !entry.path("template").isTextual()) {
          throw new TemplateException(
              file, 0, "chat_template: expected {\"name\", \"template\"}, found " + entry);
        }
        add(entry.path("name").asText(), entry.path("template").asText(), file);
      }
    } else if (!template.isMissingNode() && !template.isNull()) {
      throw new TemplateException(
          file, 0, "chat_template: expected a string or a list, found " + template.getNodeType());
    }
  }

  private void add(String name, String source, String file) {
    String shown = name.equals(DEFAULT) ? file : file + "(" + name + ")";
    templates.put(name, JinjaTemplate.parse(source, shown));
  }

  private void addFurther() {
    Path further = directory.resolve(FURTHER_TEMPLATES);
    if (!Files.isDirectory(further)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(further, "*.jinja")) {
      for (Path file : files) {
        String fileName = String.valueOf(file.getFileName());
        String name = fileName.substring(0, fileName.length() - ".jinja".length());
        templates.put(name, JinjaTemplate.parse(text(file), FURTHER_TEMPLATES + "/" + fileName));
      }
    } catch (IOException e) {
      throw new TemplateException(further.toString(), 0, "cannot be listed: " + e, e);
    }
  }

  private Map<String, String> specialTokens(JsonNode config) {
    Map<String, String> tokens = new LinkedHashMap<>();
    addSpecialTokens(config, tokens);
    // Newer configs say everything themselves; only beside an older one does the map count.
    if (config.path("added_tokens_decoder").isMissingNode()) {
      addSpecialTokens(json("special_tokens_map.json"), tokens);
    }
    return tokens;
  }

  private static void addSpecialTokens(JsonNode from, Map<String, String> tokens) {
    for (String name : SPECIAL_TOKENS) {
      JsonNode value = from.path(name);
      JsonNode content = value.isObject() ? value.path("content") : value;
      if (content.isTextual()) {
        tokens.put(name, content.asText());
      }
    }
  }

  private JsonNode json(String name) {
    Path file = directory.resolve(name);
    if (!Files.isRegularFile(file)) {
      return MissingNode.getInstance();
    }
    try {
      return JSON.readTree(text(file));
    } catch (IOException e) {
      throw new TemplateException(name, 0, "not valid JSON: " + e.getMessage(), e);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new TemplateException(file.toString(), 0, "cannot be read: " + e, e);
    }
  }
}

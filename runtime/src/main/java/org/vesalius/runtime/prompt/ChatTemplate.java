package org.vesalius.runtime.prompt;

import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.prompt.jinja.JinjaTemplate;
import org.vesalius.runtime.prompt.jinja.TemplateException;
import org.vesalius.runtime.prompt.jinja.Text;

/**
 * The chat template of a model: turns a conversation into the text that the model continues.
 *
 * <p>Text from messages can never become a control token. A user who writes {@code <|im_end|>}, in
 * one piece, split over two parts, inside a tool result or in the arguments of a call, gets the
 * plain text of it. For that, every string that is handed to the template carries its origin, the
 * interpreter keeps the origin of each single character through every operation of the template,
 * and {@link RenderedPrompt#literal} lists every occurrence of a control token in the result in
 * which any character is not the template's own. The text itself is the same, character by
 * character, as without this: nothing is inserted and nothing the template asks about its input
 * changes.
 *
 * <ul>
 *   <li>In text of user, system, tool and other messages, in tool definitions, in arguments of tool
 *       calls and in template options no added token counts, special or not.
 *   <li>In an assistant message only special tokens are refused: {@code </think>} and the like are
 *       what models write themselves.
 *   <li>Tokens of white space only, which some vocabularies have, control nothing and always count.
 *   <li>Options named like a special token ({@code bos_token}) are the template's own words.
 * </ul>
 *
 * Limit: occurrences are those of the exact string. A tokenizer that matches added tokens after
 * changing the text (lower case, compatibility forms) must apply its own rule on top.
 *
 * <p>Immutable, and safe for use by several threads.
 */
public final class ChatTemplate {
  private static final Set<String> OWN_ARGUMENTS =
      Set.of("messages", "tools", "add_generation_prompt");

  private final Map<String, JinjaTemplate> templates;
  private final Map<String, String> specialTokens;

  ChatTemplate(Map<String, JinjaTemplate> templates, Map<String, String> specialTokens) {
    this.templates = Map.copyOf(templates);
    this.specialTokens = Map.copyOf(specialTokens);
  }

  /**
   * A template from its source.
   *
   * @param name for error messages
   * @param specialTokens variables such as {@code bos_token}
   * @throws TemplateException if it is not valid
   */
  public static ChatTemplate of(String source, String name, Map<String, String> specialTokens) {
    return new ChatTemplate(
        Map.of(ModelTemplates.DEFAULT, JinjaTemplate.parse(source, name)), specialTokens);
  }

  /**
   * The template of a model: {@code chat_template.jinja}, else {@code chat_template.json}, else
   * {@code chat_template} in {@code tokenizer_config.json}; special tokens from {@code
   * tokenizer_config.json} and {@code special_tokens_map.json}.
   *
   * @throws TemplateException if there is none, or it is not valid, or a file cannot be read
   */
  public static ChatTemplate read(Path modelDirectory) {
    return read(modelDirectory, Optional.empty());
  }

  /**
   * The template of a model whose family has one of its own, which wins over the one in {@code
   * tokenizer_config.json}: that one is of the text model underneath and knows no images.
   */
  public static ChatTemplate read(Path modelDirectory, Optional<String> ofFamily) {
    return ModelTemplates.read(modelDirectory, ofFamily);
  }

  /** The text of the template; of several, all in the order of their names. */
  public String source() {
    return new TreeMap<>(templates)
        .values().stream().map(JinjaTemplate::source).collect(Collectors.joining("\n"));
  }

  /** The special tokens that the template sees, by name ({@code bos_token}, {@code eos_token}). */
  public Map<String, String> specialTokens() {
    return specialTokens;
  }

  /**
   * Renders a conversation.
   *
   * @param messages each with {@code role}, {@code content} (a string or a list of parts) and what
   *     else the template knows, as OpenAI's API has them. Arguments of tool calls may be objects
   *     or JSON text; parts of type {@code image_url} reach the template as {@code image}, as in
   *     transformers
   * @param tools descriptions of functions, or null for none
   * @param templateKwargs further variables, such as {@code enable_thinking}
   * @param addGenerationPrompt whether the prompt ends with the start of the assistant's answer
   * @param controlTokens the added tokens of the tokenizer
   * @throws TemplateException if the template fails or refuses the conversation
   */
  public RenderedPrompt render(
      List<? extends Map<String, ? extends @Nullable Object>> messages,
      @Nullable List<? extends Map<String, ? extends @Nullable Object>> tools,
      Map<String, ? extends @Nullable Object> templateKwargs,
      boolean addGenerationPrompt,
      List<ControlToken> controlTokens) {
    return render(
        messages,
        tools,
        templateKwargs,
        addGenerationPrompt,
        controlTokens,
        Clock.system(ZoneId.systemDefault()));
  }

  /** Renders a conversation at the time that {@code clock} tells, which some templates print. */
  public RenderedPrompt render(
      List<? extends Map<String, ? extends @Nullable Object>> messages,
      @Nullable List<? extends Map<String, ? extends @Nullable Object>> tools,
      Map<String, ? extends @Nullable Object> templateKwargs,
      boolean addGenerationPrompt,
      List<ControlToken> controlTokens,
      Clock clock) {
    JinjaTemplate template = template(tools != null);
    Conversation conversation = new Conversation(template.name());
    Map<String, @Nullable Object> variables = new LinkedHashMap<>(specialTokens);
    variables.put("documents", null);
    templateKwargs.forEach((name, value) -> {
      if (OWN_ARGUMENTS.contains(name)) {
        throw new TemplateException(
            template.name(), 0, "option '" + name + "' has an argument of its own");
      }
      int origin = name.endsWith("_token") ? Text.TEMPLATE : LiteralTokens.OUTSIDE;
      variables.put(name, conversation.traced(value, origin));
    });
    variables.put("messages", conversation.messages(messages));
    variables.put("tools", conversation.traced(tools, LiteralTokens.OUTSIDE));
    variables.put("add_generation_prompt", addGenerationPrompt);
    Text prompt = template.renderTraced(variables, clock);
    return new RenderedPrompt(prompt.value(), new LiteralTokens(controlTokens).find(prompt));
  }

  private JinjaTemplate template(boolean withTools) {
    JinjaTemplate forTools = withTools ? templates.get(ModelTemplates.TOOL_USE) : null;
    JinjaTemplate template = forTools != null ? forTools : templates.get(ModelTemplates.DEFAULT);
    if (template == null) {
      throw new TemplateException(
          "chat_template",
          0,
          "expected a template named 'default', found only " + templates.keySet());
    }
    return template;
  }
}

package org.vesalius.runtime.models.llava_original;

/**
 * Conversation formats of LLaVA models whose checkpoints have no chat template, because their code
 * writes the prompt. Images of a message stand before its text, as that code puts them.
 */
public final class LlavaTemplates {
  private LlavaTemplates() {}

  private static final String MACRO =
      """
      {%- macro body(content) -%}
        {%- if content is string -%}{{ content }}
        {%- else -%}
          {%- for part in content if part['type'] != 'text' %}{{ '<image>\\n' }}{% endfor -%}
          {%- for part in content if part['type'] == 'text' %}{{ part['text'] }}{% endfor -%}
        {%- endif -%}
      {%- endmacro -%}
      """;

  /** LLaVA-Med v1.5 ({@code mistral_instruct} in its conversation.py). */
  public static final String MISTRAL =
      MACRO
          + """
          {%- set state = namespace(system='') -%}
          {%- for message in messages -%}
            {%- if message['role'] == 'system' -%}
              {%- set state.system = '<<SYS>>\\n' + body(message['content']) + '\\n<</SYS>>\\n\\n' -%}
            {%- elif message['role'] == 'user' -%}
              {{- '[INST] ' + state.system + body(message['content']) + ' [/INST]' -}}
              {%- set state.system = '' -%}
            {%- elif message['role'] == 'assistant' -%}
              {{- ' ' + body(message['content']) + ' </s>' -}}
            {%- else -%}
              {{- raise_exception('this model knows the roles system, user and assistant, not ' + message['role']) -}}
            {%- endif -%}
          {%- endfor -%}
          """;

  /** HuatuoGPT-Vision (its cli.py). */
  public static final String HUATUO =
      MACRO
          + """
          {%- for message in messages -%}
            {%- if message['role'] == 'user' -%}
              {{- '<|user|>\\n' + body(message['content']) + '\\n' -}}
            {%- elif message['role'] == 'assistant' -%}
              {{- '<|assistant|>\\n' + body(message['content']) + '\\n' -}}
            {%- else -%}
              {{- raise_exception('this model knows the roles user and assistant, not ' + message['role']) -}}
            {%- endif -%}
          {%- endfor -%}
          {%- if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif -%}
          """;
}

package org.vesalius.runtime.answer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where blocks of calls begin in a model's text. */
interface CallSyntax {

  /** Marks that begin a block wherever they stand. */
  List<String> marks();

  /** The block that a mark begins. */
  CallBlock open(String mark);

  /** The block that an answer with this first character may be, white space left out. */
  default @Nullable CallBlock openAnswer(char first) {
    return null;
  }

  /**
   * The syntax of a format.
   *
   * @param tools what the request offers
   */
  static CallSyntax of(ToolCallFormat format, ToolSchemas tools) {
    return switch (format) {
      case NONE -> new Marked(List.of(), HermesBlock::new);
      case HERMES -> new Marked(List.of(HermesBlock.OPEN), HermesBlock::new);
      case SEED_XML -> new Marked(List.of(SeedBlock.OPEN), () -> new SeedBlock(tools));
      case MISTRAL -> new Marked(List.of(MistralBlock.OPEN), MistralBlock::new);
      case LLAMA_JSON -> new LlamaSyntax(!tools.isEmpty());
      case GEMMA -> tools.isEmpty() ? of(ToolCallFormat.NONE, tools) : new GemmaSyntax();
    };
  }

  /** One kind of block behind marks. */
  record Marked(List<String> marks, java.util.function.Supplier<CallBlock> blocks)
      implements CallSyntax {
    @Override
    public CallBlock open(String mark) {
      return blocks.get();
    }
  }
}

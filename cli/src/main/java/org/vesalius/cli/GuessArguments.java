package org.vesalius.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.OpenOptions;
import picocli.CommandLine.Option;

/** The options that say who guesses tokens ahead. */
final class GuessArguments {
  private static final int WITH_A_DRAFT = 4;

  @Option(
      names = "--guess",
      paramLabel = "N",
      description =
          "Tokens to guess ahead from the text before; never changes the answer (default: 0; with"
              + " --draft "
              + WITH_A_DRAFT
              + ").")
  private @Nullable Integer tokens;

  @Option(
      names = "--draft",
      paramLabel = "DIR",
      description = "A smaller model with the same tokenizer that guesses, too.")
  private @Nullable Path draft;

  /** Opens the model that guesses, if there is one. */
  OpenOptions options(OpenOptions options) {
    if (draft == null) {
      return options;
    }
    ModelArguments.requireFolder(draft);
    return options.withDraft(draft);
  }

  /** Lets tokens be guessed. */
  ChatRequest.Builder fill(ChatRequest.Builder builder) {
    Integer wanted = tokens;
    return builder.speculativeTokens(wanted != null ? wanted : draft == null ? 0 : WITH_A_DRAFT);
  }
}

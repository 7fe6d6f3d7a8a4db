package org.vesalius.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vesalius.tokenizer.AddedTokenFilter;
import org.vesalius.tokenizer.EncodeOptions;
import org.vesalius.tokenizer.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows how a model's tokenizer splits text. */
@Command(name = "tokenize", description = "Shows the token ids of a text.", sortOptions = false)
final class TokenizeCommand implements Callable<Integer> {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final Terminal terminal;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "Folder with a tokenizer.json, or that file.")
  private Path model = Path.of("");

  @ArgGroup(multiplicity = "1")
  private Source source = new Source();

  @Option(
      names = "--add-special-tokens",
      description =
          "Also what the tokenizer adds around a text, such as a beginning-of-sequence token.")
  private boolean addSpecialTokens;

  /** One of the two ways to give texts. */
  private static final class Source {
    @Option(
        names = "--text",
        paramLabel = "T",
        description = "The text: a line with id and piece for each token.")
    private @Nullable String text;

    @Option(
        names = "--jsonl",
        description = "One JSON string a line on standard input, one JSON array of ids a line out.")
    private boolean jsonLines;
  }

  TokenizeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    Tokenizer tokenizer = Tokenizer.load(model);
    EncodeOptions options = new EncodeOptions(addSpecialTokens, AddedTokenFilter.ALL);
    if (source.jsonLines) {
      lines(tokenizer, options);
    } else {
      String text = source.text == null ? "" : source.text;
      for (int id : tokenizer.encode(text, options)) {
        terminal.out().println(id + "\t" + JSON.writeValueAsString(tokenizer.token(id)));
      }
    }
    return 0;
  }

  private void lines(Tokenizer tokenizer, EncodeOptions options) throws IOException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(terminal.in(), StandardCharsets.UTF_8));
    int number = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      number++;
      terminal
          .out()
          .println(JSON.writeValueAsString(tokenizer.encode(text(line, number), options)));
      if (terminal.out().checkError()) {
        throw new UncheckedIOException(new IOException("standard output is closed"));
      }
    }
  }

  private static String text(String line, int number) {
    try {
      JsonNode node = JSON.readTree(line);
      if (node.isTextual()) {
        return node.asText();
      }
    } catch (JsonProcessingException e) {
      throw new CommandFailure(
          "standard input, line " + number + ": expected a JSON string: " + e.getOriginalMessage(),
          e);
    }
    throw new CommandFailure(
        "standard input, line " + number + ": expected a JSON string, found " + brief(line));
  }

  private static String brief(String line) {
    return line.isBlank()
        ? "an empty line"
        : line.length() <= 60 ? line : line.substring(0, 60) + "...";
  }
}

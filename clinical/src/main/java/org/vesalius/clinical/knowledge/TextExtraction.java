package org.vesalius.clinical.knowledge;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import org.commonmark.node.Heading;
import org.commonmark.node.Node;
import org.commonmark.node.SourceSpan;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;

/**
 * Gets the text of files by what their names end with. Nothing that a file refers to is fetched.
 */
final class TextExtraction {
  /** The title stands here or nowhere. */
  private static final int HEAD = 8_000;

  private TextExtraction() {}

  /** A kind of document. */
  enum Kind {
    MARKDOWN,
    TEXT,
    HTML,
    PDF;

    /** By the end of a file's name; empty for what is not read. */
    static Optional<Kind> of(String id) {
      String name = id.toLowerCase(Locale.ROOT);
      return Optional.ofNullable(
          switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "md", "markdown" -> MARKDOWN;
            case "txt", "text" -> TEXT;
            case "html", "htm", "xhtml" -> HTML;
            case "pdf" -> PDF;
            default -> null;
          });
    }
  }

  /**
   * The text of a file.
   *
   * @throws IOException with a reason if it has none that can be read
   */
  static ExtractedText of(Kind kind, byte[] bytes, KnowledgeOptions.Limits limits)
      throws IOException {
    try {
      return read(kind, bytes, limits);
    } catch (RuntimeException | StackOverflowError e) {
      throw new IOException("it is damaged, or nested too deep", e);
    }
  }

  private static ExtractedText read(Kind kind, byte[] bytes, KnowledgeOptions.Limits limits)
      throws IOException {
    return switch (kind) {
      case TEXT -> ExtractedText.of("", text(bytes));
      case MARKDOWN -> {
        String text = text(bytes);
        yield ExtractedText.of(heading(text), text);
      }
      case HTML -> html(bytes);
      case PDF -> PdfText.of(bytes, limits);
    };
  }

  private static String text(byte[] bytes) throws IOException {
    Charset charset = charset(bytes);
    try {
      String text =
          charset
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(bytes))
              .toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new IOException("it is no text in " + charset.name() + "; convert it to UTF-8", e);
    }
  }

  private static Charset charset(byte[] bytes) {
    int first = bytes.length < 2 ? 0 : ((bytes[0] & 0xFF) << 8) | (bytes[1] & 0xFF);
    return first == 0xFEFF || first == 0xFFFE ? StandardCharsets.UTF_16 : StandardCharsets.UTF_8;
  }

  /** The first heading of a Markdown text, as it is written. */
  private static String heading(String text) {
    String head = text.substring(0, Texts.boundary(text, Math.min(HEAD, text.length())));
    Parser parser = Parser.builder().includeSourceSpans(IncludeSourceSpans.BLOCKS).build();
    for (Node node = parser.parse(head).getFirstChild(); node != null; node = node.getNext()) {
      if (node instanceof Heading heading && !heading.getSourceSpans().isEmpty()) {
        SourceSpan span = heading.getSourceSpans().getFirst();
        String line = head.lines().skip(span.getLineIndex()).findFirst().orElse("");
        return line.replaceAll("^[ #]+|[ #]+$", "");
      }
    }
    return "";
  }

  /** What elements contain: scripts, styles and comments are not text, what is hidden is. */
  private static ExtractedText html(byte[] bytes) throws IOException {
    Document document = Jsoup.parse(new ByteArrayInputStream(bytes), null, "");
    document.select("script, style, noscript, template, iframe, object").remove();
    return ExtractedText.of(
        document.title(), document.body().wholeText().replaceAll("[ \\t\\x0B\\f\\u00A0]+", " "));
  }
}

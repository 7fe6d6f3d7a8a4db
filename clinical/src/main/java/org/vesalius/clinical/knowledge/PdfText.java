package org.vesalius.clinical.knowledge;

import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.Optional;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.contentstream.operator.Operator;
import org.apache.pdfbox.cos.COSBase;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.encryption.InvalidPasswordException;
import org.apache.pdfbox.pdmodel.graphics.form.PDFormXObject;
import org.apache.pdfbox.pdmodel.graphics.form.PDTransparencyGroup;
import org.apache.pdfbox.text.PDFTextStripper;

/** The text of a PDF, page after page. Pictures of text have none. */
final class PdfText {
  /** Drawing more than this takes too long. */
  private static final int OPERATORS = 5_000_000;

  /** Forms that draw forms reach this soon. */
  private static final int FORMS = 10_000;

  private PdfText() {}

  static ExtractedText of(byte[] bytes, KnowledgeOptions.Limits limits) throws IOException {
    PdfStreams.check(bytes);
    try (PDDocument document = Loader.loadPDF(bytes)) {
      if (document.isEncrypted()) {
        throw new IOException("it is encrypted; store it without encryption");
      }
      if (document.getNumberOfPages() > limits.pdfPages()) {
        throw new IOException(
            "it has %d pages, more than %d"
                .formatted(document.getNumberOfPages(), limits.pdfPages()));
      }
      BoundedText text = new BoundedText(limits.characters());
      new CountingStripper().writeText(document, text);
      String title = Optional.ofNullable(document.getDocumentInformation().getTitle()).orElse("");
      return ExtractedText.of(title, text.toString());
    } catch (InvalidPasswordException e) {
      throw new IOException("it is encrypted; store it without encryption", e);
    } catch (DrawingLimit e) {
      throw new IOException(e.getMessage(), e);
    } catch (OutOfMemoryError e) {
      throw new IOException("it takes too much memory", e);
    } catch (RuntimeException | StackOverflowError e) {
      // The library meets damaged files in many ways; what is nested too deep ends its stack.
      throw new IOException("it is damaged", e);
    }
  }

  /** Gets the text of all pages, or ends where there is too much to draw. */
  private static final class CountingStripper extends PDFTextStripper {
    private int operators;
    private int forms;

    @Override
    protected void processOperator(Operator operator, List<COSBase> operands) throws IOException {
      if (++operators > OPERATORS) {
        throw new DrawingLimit("it has more than " + OPERATORS + " drawing operators");
      }
      super.processOperator(operator, operands);
    }

    @Override
    public void showForm(PDFormXObject form) throws IOException {
      count();
      super.showForm(form);
    }

    @Override
    public void showTransparencyGroup(PDTransparencyGroup group) throws IOException {
      count();
      super.showTransparencyGroup(group);
    }

    private void count() {
      if (++forms > FORMS) {
        throw new DrawingLimit("it draws more than " + FORMS + " forms");
      }
    }
  }

  /** Not one of input and output: those of operators are logged and forgotten. */
  private static final class DrawingLimit extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DrawingLimit(String message) {
      super(message);
    }
  }

  /** Text of a bounded length. */
  private static final class BoundedText extends Writer {
    private final StringBuilder text = new StringBuilder();
    private final int most;

    BoundedText(int most) {
      this.most = most;
    }

    @Override
    public void write(char[] characters, int from, int length) throws IOException {
      if (text.length() + length > most) {
        throw new IOException("its text has more than " + most + " characters");
      }
      text.append(characters, from, length);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    @Override
    public String toString() {
      return text.toString();
    }
  }
}

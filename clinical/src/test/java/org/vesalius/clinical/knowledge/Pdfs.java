package org.vesalius.clinical.knowledge;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.DeflaterOutputStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;

/** PDFs for tests, written object by object. */
final class Pdfs {
  private Pdfs() {}

  /** One page that shows a text. */
  static byte[] ofText(String text) {
    return ofContent("", latin("BT /F1 12 Tf 72 720 Td (" + text + ") Tj ET"));
  }

  /** One page with this content, compressed as the dictionary says. */
  static byte[] ofContent(String filters, byte[] content, byte[]... forms) {
    List<byte[]> objects = new ArrayList<>();
    objects.add(latin("<</Type/Catalog/Pages 2 0 R>>"));
    objects.add(latin("<</Type/Pages/Kids[3 0 R]/Count 1>>"));
    StringBuilder names = new StringBuilder();
    for (int i = 0; i < forms.length; i++) {
      names.append("/X").append(i).append(' ').append(6 + i).append(" 0 R ");
    }
    objects.add(
        latin(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R"
                + "/Resources<</Font<</F1 4 0 R>>/XObject<<"
                + names
                + ">>>>>>"));
    objects.add(latin("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"));
    objects.add(stream(filters, content));
    for (int i = 0; i < forms.length; i++) {
      objects.add(
          stream(
              "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<<" + names + ">>>>",
              forms[i]));
    }
    return file(objects);
  }

  private static byte[] stream(String entries, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(latin("<<" + entries + "/Length " + content.length + ">>\nstream\n"));
    out.writeBytes(content);
    out.writeBytes(latin("\nendstream"));
    return out.toByteArray();
  }

  private static byte[] file(List<byte[]> objects) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(latin("%PDF-1.4\n"));
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < objects.size(); i++) {
      places.add(out.size());
      out.writeBytes(latin((i + 1) + " 0 obj\n"));
      out.writeBytes(objects.get(i));
      out.writeBytes(latin("\nendobj\n"));
    }
    int table = out.size();
    out.writeBytes(latin("xref\n0 " + (objects.size() + 1) + "\n0000000000 65535 f \n"));
    places.forEach(place -> out.writeBytes(latin("%010d 00000 n \n".formatted(place))));
    out.writeBytes(
        latin(
            "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
                .formatted(objects.size() + 1, table)));
    return out.toByteArray();
  }

  /** So many zeros, compressed. */
  static byte[] bomb(long size) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
      byte[] block = new byte[1 << 16];
      for (long written = 0; written < size; written += block.length) {
        deflater.write(block);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static byte[] compressed(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
      deflater.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static byte[] encrypted() {
    try (PDDocument document = new PDDocument()) {
      document.addPage(new PDPage());
      document.protect(new StandardProtectionPolicy("owner", "user", new AccessPermission()));
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      document.save(out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}

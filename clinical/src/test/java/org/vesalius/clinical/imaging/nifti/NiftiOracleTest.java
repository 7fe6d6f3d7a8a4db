package org.vesalius.clinical.imaging.nifti;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.imaging.ColourFrame;
import org.vesalius.clinical.imaging.Facts;
import org.vesalius.clinical.imaging.GreyFrame;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.clinical.imaging.grey.GreyValues;
import org.vesalius.clinical.imaging.grey.WindowChoice;

/** Volumes that nibabel wrote, against what nibabel reads. */
class NiftiOracleTest {

  @TempDir private Path folder = Path.of("");

  private static byte[] unpacked(JsonNode packed) throws IOException {
    byte[] bytes = Base64.getDecoder().decode(packed.asText());
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
      return in.readAllBytes();
    }
  }

  @Test
  void valuesAndPlacesEqualNibabel() throws IOException {
    int cases = 0;
    for (JsonNode fact : Facts.read("nifti.json").get("cases")) {
      String name = fact.get("name").asText();
      Path folderOfCase = Files.createDirectory(folder.resolve("case" + cases));
      Path stored;
      Path compressed;
      if (fact.has("voxels")) {
        stored = Files.write(folderOfCase.resolve("a.hdr"), unpacked(fact.get("file")));
        Files.write(folderOfCase.resolve("a.img"), unpacked(fact.get("voxels")));
        compressed = Files.copy(stored, folderOfCase.resolve("b.hdr"));
        Files.write(
            folderOfCase.resolve("b.img.gz"),
            Base64.getDecoder().decode(fact.get("voxels").asText()));
      } else {
        stored = Files.write(folderOfCase.resolve("a.nii"), unpacked(fact.get("file")));
        compressed =
            Files.write(
                folderOfCase.resolve("a.nii.gz"),
                Base64.getDecoder().decode(fact.get("file").asText()));
      }
      for (Path file : new Path[] {stored, compressed}) {
        assertTrue(NiftiVolume.matches(file), name);
        check(name, fact, NiftiVolume.open(file));
      }
      cases++;
    }
    assertTrue(cases >= 34, "cases: " + cases);
  }

  private static void check(String name, JsonNode fact, NiftiVolume volume) {
    int[] shape = Facts.ints(fact.get("shape"));
    int pictures = Arrays.stream(shape).skip(2).reduce(1, (a, b) -> a * b);
    assertEquals(pictures, volume.frames(), name);
    assertEquals(fact.get("axes").asText(), volume.facts().get("axes"), name);
    int pixels = shape[0] * shape[1];
    for (int p = 0; p < pictures; p++) {
      var frame = volume.frame(p);
      assertEquals(shape[0], frame.width(), name);
      assertEquals(shape[1], frame.height(), name);
      if (frame instanceof ColourFrame colours) {
        String all = fact.get("bytes").asText();
        assertEquals(
            all.substring(6 * pixels * p, 6 * pixels * (p + 1)),
            HexFormat.of().formatHex(colours.picture().image().copyRgb()),
            name);
      } else {
        GreyValues values = assertInstanceOf(GreyFrame.class, frame).values();
        for (int i = 0; i < pixels; i++) {
          assertEquals(
              fact.get("values").get(p * pixels + i).asDouble(),
              values.value(i),
              name + ", picture " + p + ", pixel " + i);
        }
      }
      SlicePlane plane = frame.place().plane().orElseThrow();
      assertEquals(SlicePlane.Space.RAS, plane.space());
      int slice = shape.length > 2 ? p % shape[2] : 0;
      for (int[] voxel : new int[][] {{0, 0}, {2, 1}, {1, 0}}) {
        Vector found = plane.toPatient(new Point(voxel[0] + 0.5, voxel[1] + 0.5));
        Vector expected = affine(fact.get("affine"), voxel[0], voxel[1], slice);
        assertEquals(0, found.minus(expected).length(), 1e-5, name + ": " + found + expected);
      }
      // Whatever the values are, there is a picture of them.
      assertTrue(frame.picture(WindowChoice.usual()).image().width() > 0, name);
    }
  }

  private static Vector affine(JsonNode rows, int i, int j, int k) {
    double[] at = new double[3];
    for (int r = 0; r < 3; r++) {
      double[] row = Facts.doubles(rows.get(r));
      at[r] = row[0] * i + row[1] * j + row[2] * k + row[3];
    }
    return new Vector(at[0], at[1], at[2]);
  }
}

package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vesalius.loader.SafetensorsBytes.file;
import static org.vesalius.loader.SafetensorsBytes.tensor;
import static org.vesalius.loader.SafetensorsBytes.write;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Finding, opening, changing and closing checkpoints. */
class CheckpointTest {
  private static final String MODEL = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  @TempDir Path directory = Path.of("");

  private void single(String file, String... names) {
    List<String> members = new ArrayList<>();
    for (int i = 0; i < names.length; i++) {
      members.add(tensor(names[i], "U8", "[4]", i * 4L, i * 4L + 4));
    }
    write(directory.resolve(file), file("{" + String.join(",", members) + "}", 4 * names.length));
  }

  private void index(String... tensorsAndFiles) {
    List<String> members = new ArrayList<>();
    for (int i = 0; i < tensorsAndFiles.length; i += 2) {
      members.add("\"" + tensorsAndFiles[i] + "\":\"" + tensorsAndFiles[i + 1] + "\"");
    }
    write(
        directory.resolve(INDEX),
        "{\"metadata\":{\"total_size\":8},\"weight_map\":{" + String.join(",", members) + "}}");
  }

  private void assertRefused(String... parts) {
    for (var reader :
        List.<org.junit.jupiter.api.function.Executable>of(
            () -> Checkpoint.open(directory).close(), () -> CheckpointHeader.read(directory))) {
      String message =
          String.valueOf(assertThrows(ModelFormatException.class, reader).getMessage());
      assertTrue(message.startsWith(directory.toString()), message);
      for (String part : parts) {
        assertTrue(message.contains(part), () -> "\"" + part + "\" is not in: " + message);
      }
    }
  }

  @Test
  void opensAllShardsOfAnIndex() {
    single("model-00001-of-00002.safetensors", "a", "b");
    single("model-00002-of-00002.safetensors", "c");
    single("consolidated.safetensors", "other");
    index(
        "c", "model-00002-of-00002.safetensors",
        "a", "model-00001-of-00002.safetensors",
        "b", "model-00001-of-00002.safetensors");
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertEquals(List.of("c", "a", "b"), List.copyOf(checkpoint.names()));
      assertEquals(
          List.of("c", "a", "b"), checkpoint.tensors().stream().map(StoredTensor::name).toList());
      assertEquals(12, checkpoint.byteSize());
      assertEquals(
          directory.resolve("model-00001-of-00002.safetensors"), checkpoint.tensor("b").file());
      assertTrue(checkpoint.contains("a"));
      assertFalse(checkpoint.contains("other"));
    }
  }

  @Test
  void opensTheOnlyFileWhateverItsName() {
    single("weights.safetensors", "a");
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertEquals(List.of(directory.resolve("weights.safetensors")), checkpoint.files());
    }
  }

  @Test
  void opensAFileByItsPath() {
    single("one.safetensors", "a");
    single("two.safetensors", "b");
    try (Checkpoint checkpoint = Checkpoint.open(directory.resolve("two.safetensors"))) {
      assertTrue(checkpoint.contains("b"));
    }
    index("a", "one.safetensors");
    assertTrue(CheckpointHeader.read(directory.resolve(INDEX)).contains("a"));
  }

  @Test
  void followsSymbolicLinksOutOfTheFolder() throws IOException {
    Path blobs = Files.createDirectory(directory.resolve("blobs"));
    Path snapshot = Files.createDirectory(directory.resolve("snapshot"));
    write(blobs.resolve("0123"), file("{" + tensor("a", "U8", "[4]", 0, 4) + "}", 4));
    Files.createSymbolicLink(snapshot.resolve("s.safetensors"), Path.of("../blobs/0123"));
    write(snapshot.resolve(INDEX), "{\"weight_map\":{\"a\":\"s.safetensors\"}}");
    try (Checkpoint checkpoint = Checkpoint.open(snapshot)) {
      assertEquals(4, checkpoint.tensor("a").byteSize());
    }
  }

  @Test
  void indexNamesItsShardsWhereverTheProcessStands() {
    single("s.safetensors", "a");
    Path index = Path.of(INDEX);
    CheckpointFiles relative =
        CheckpointFiles.find(
            Path.of("").toAbsolutePath().relativize(indexOf("a", "s.safetensors")));
    assertEquals(List.of("a"), List.copyOf(relative.fileOfTensor().keySet()));
    assertEquals(Path.of("s.safetensors"), CheckpointFiles.inside(index, "s.safetensors", "a"));
    assertEquals(Path.of("x/s"), CheckpointFiles.inside(index, "x/s", "a"));
  }

  private Path indexOf(String... tensorsAndFiles) {
    index(tensorsAndFiles);
    return directory.resolve(INDEX).toAbsolutePath();
  }

  @Test
  void readsHeadersWithoutMapping() {
    single(MODEL, "a", "b");
    CheckpointHeader header = CheckpointHeader.read(directory);
    assertEquals(2, header.size());
    assertEquals(DType.U8, header.entry("b").dtype());
    assertEquals(List.of(4L), header.entry("b").shape());
    assertEquals(directory.resolve(MODEL), header.fileOf("b"));
    assertEquals(8, header.byteSize());
  }

  @Test
  void missingPath() {
    Path nowhere = directory.resolve("nowhere");
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> Checkpoint.open(nowhere).close());
    assertTrue(
        String.valueOf(e.getMessage())
            .contains("expected a folder or a safetensors file, found nothing at this path"),
        e.getMessage());
  }

  @Test
  void folderWithoutWeights() {
    assertRefused("found no weights; is the download complete?");
  }

  @Test
  void folderWithOtherFormatsNamesThem() {
    write(directory.resolve("pytorch_model.bin"), "x");
    write(directory.resolve("model-Q4.gguf"), "x");
    assertRefused("found only model-Q4.gguf, pytorch_model.bin", "safetensors version");
  }

  @Test
  void severalFilesWithoutIndex() {
    single("one.safetensors", "a");
    single("two.safetensors", "b");
    assertRefused("2 safetensors files without an index: one.safetensors, two.safetensors");
  }

  @Test
  void indexBesideAnUnrelatedSingleFile() {
    single(MODEL, "a");
    single("s.safetensors", "a");
    index("a", "s.safetensors");
    assertRefused("either " + INDEX + " or " + MODEL + ", found both");
    index("a", MODEL);
    assertEquals(List.of(directory.resolve(MODEL)), CheckpointHeader.read(directory).files());
  }

  @Test
  void indexNamesAMissingShard() {
    single("s1.safetensors", "a");
    index("a", "s1.safetensors", "b", "s2.safetensors");
    assertRefused(INDEX, "tensor \"b\": expected the file \"s2.safetensors\" beside the index");
  }

  @Test
  void indexNamesATensorThatNoShardHas() {
    single("s1.safetensors", "a");
    index("a", "s1.safetensors", "b", "s1.safetensors");
    assertRefused(INDEX, "tensor \"b\": expected it in s1.safetensors, found it in no file");
  }

  @Test
  void indexNamesTheWrongShard() {
    single("s1.safetensors", "a");
    single("s2.safetensors", "b");
    index("a", "s2.safetensors", "b", "s1.safetensors");
    assertRefused("expected it in s2.safetensors, found it in s1.safetensors");
  }

  @Test
  void shardHasATensorThatTheIndexDoesNotName() {
    single("s1.safetensors", "a", "b");
    index("a", "s1.safetensors");
    assertRefused("s1.safetensors: tensor \"b\"", "named by " + INDEX + ", found it missing there");
  }

  @Test
  void tensorInTwoShards() {
    single("s1.safetensors", "a", "b");
    single("s2.safetensors", "b", "c");
    index("a", "s1.safetensors", "b", "s1.safetensors", "c", "s2.safetensors");
    assertRefused("s2.safetensors: tensor \"b\"", "in one file, found it also in s1.safetensors");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../out.safetensors",
        "x/../../out.safetensors",
        "",
        ".",
        "..",
        "x/..",
        "a\\u0000b"
      })
  void indexNamesAFileOutsideTheFolder(String name) {
    index("a", name);
    assertRefused(INDEX, "tensor \"a\": expected the name of a file inside the folder");
  }

  @Test
  void indexNamesAnAbsolutePath() {
    single("s.safetensors", "a");
    index("a", directory.toAbsolutePath().resolve("s.safetensors").toString());
    assertRefused("the name of a file inside the folder of the index");
  }

  @Test
  void malformedIndex() {
    write(directory.resolve(INDEX), "{\"metadata\":{}}");
    assertRefused(INDEX + ": key \"weight_map\": expected an object, found no such key");
    write(directory.resolve(INDEX), "{\"weight_map\":{}}");
    assertRefused("key \"weight_map\": expected at least one tensor, found none");
    write(directory.resolve(INDEX), "{\"weight_map\":{\"a\":1}}");
    assertRefused("key \"weight_map.a\": expected a string, found 1");
    write(directory.resolve(INDEX), "{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}");
    assertRefused("expected every key once, found: Duplicate field 'a'");
  }

  @Test
  void damagedShardIsNamed() {
    single("s1.safetensors", "a");
    write(directory.resolve("s2.safetensors"), file("{}", 1));
    index("a", "s1.safetensors", "b", "s2.safetensors");
    assertRefused("s2.safetensors: data: expected the file to end");
  }

  @Test
  void missingTensorNamesTheClosest() {
    single(MODEL, "model.layers.0.q_proj.weight", "model.layers.0.k_proj.weight", "lm_head.weight");
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      ModelFormatException e =
          assertThrows(
              ModelFormatException.class, () -> checkpoint.tensor("layers.0.q_proj.weight"));
      assertTrue(
          String.valueOf(e.getMessage())
              .contains(
                  "tensor \"layers.0.q_proj.weight\": expected it among the 3 tensors of the"
                      + " checkpoint, found none; closest names: \"model.layers.0.q_proj.weight\","),
          e.getMessage());
      assertTrue(
          String.valueOf(
                  assertThrows(ModelFormatException.class, () -> checkpoint.tensor("zzzz"))
                      .getMessage())
              .endsWith("found none like it"));
    }
  }

  @Test
  void fileThatGrowsOrShrinksBetweenHeaderAndMapping() {
    for (int change : new int[] {1, -1}) {
      single(MODEL, "a");
      LoadListener listener =
          new LoadListener() {
            @Override
            public void headerRead(SafetensorsHeader header, int filesRead, int files) {
              resize(header.file(), change);
            }
          };
      ModelFormatException e =
          assertThrows(
              ModelFormatException.class, () -> Checkpoint.open(directory, listener).close());
      String verb = change > 0 ? "extended" : "truncated";
      assertTrue(String.valueOf(e.getMessage()).contains("the file was " + verb), e.getMessage());
    }
  }

  private static void resize(Path file, int change) {
    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
      access.setLength(access.length() + change);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void verifyUnchangedSeesSizeTimeAndRemoval() throws IOException {
    single(MODEL, "a");
    Path file = directory.resolve(MODEL);
    FileTime time = Files.getLastModifiedTime(file);
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      checkpoint.verifyUnchanged();
      Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
      ModelFormatException touched =
          assertThrows(ModelFormatException.class, checkpoint::verifyUnchanged);
      assertTrue(String.valueOf(touched.getMessage()).contains("modification time"));
      Files.setLastModifiedTime(file, time);
      checkpoint.verifyUnchanged();
      resize(file, 1);
      ModelFormatException grown =
          assertThrows(ModelFormatException.class, checkpoint::verifyUnchanged);
      assertTrue(String.valueOf(grown.getMessage()).contains("the file was extended"));
      Files.delete(file);
      assertThrows(UncheckedIOException.class, checkpoint::verifyUnchanged);
    }
  }

  @Test
  void listenerHearsEveryHeaderBeforeTheFirstMapping() {
    single("s1.safetensors", "a");
    single("s2.safetensors", "b");
    index("a", "s1.safetensors", "b", "s2.safetensors");
    List<String> events = new ArrayList<>();
    LoadListener listener =
        new LoadListener() {
          @Override
          public void headerRead(SafetensorsHeader header, int filesRead, int files) {
            events.add("header " + header.file().getFileName() + " " + filesRead + "/" + files);
          }

          @Override
          public void mapped(Path file, int filesMapped, int files) {
            events.add("mapped " + file.getFileName() + " " + filesMapped + "/" + files);
          }
        };
    Checkpoint.open(directory, listener).close();
    assertEquals(
        List.of(
            "header s1.safetensors 1/2",
            "header s2.safetensors 2/2",
            "mapped s1.safetensors 1/2",
            "mapped s2.safetensors 2/2"),
        events);
  }

  @Test
  void closedCheckpointSaysSo() {
    single(MODEL, "a");
    Checkpoint checkpoint = Checkpoint.open(directory);
    StoredTensor tensor = checkpoint.tensor("a");
    checkpoint.close();
    checkpoint.close();
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> checkpoint.tensor("a"));
    assertEquals("the checkpoint " + directory + " is closed", e.getMessage());
    assertThrows(IllegalStateException.class, checkpoint::tensors);
    assertThrows(IllegalStateException.class, checkpoint::verifyUnchanged);
    assertThrows(IllegalStateException.class, () -> tensor.data().get(ValueLayout.JAVA_BYTE, 0));
    assertTrue(checkpoint.contains("a"));
  }
}

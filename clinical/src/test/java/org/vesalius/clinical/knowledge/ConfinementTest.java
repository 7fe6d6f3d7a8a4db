package org.vesalius.clinical.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing outside of the folder can be read, whatever is in it and whatever is asked for. */
@Timeout(60)
class ConfinementTest {
  private static final String SECRET = "the secret of the house";

  @TempDir Path temporary;
  private Path root;

  @BeforeEach
  void setUp() throws IOException {
    root = Files.createDirectories(temporary.resolve("knowledge"));
    Files.writeString(temporary.resolve("secret.txt"), SECRET);
    Files.createDirectories(temporary.resolve("outside"));
    Files.writeString(temporary.resolve("outside/secret.txt"), SECRET);
    Files.writeString(root.resolve("open.txt"), "an open word");
    Files.createDirectories(root.resolve("sub"));
    Files.writeString(root.resolve("sub/open.txt"), "an open word below");
  }

  private static void link(Path from, Path to) throws IOException {
    try {
      Files.createSymbolicLink(from, to);
    } catch (UnsupportedOperationException e) {
      assumeTrue(false, "no symbolic links here");
    }
  }

  private static void assertSafe(KnowledgeFolder folder) {
    assertEquals(List.of(), folder.search("secret house", 10));
    folder.documents().forEach(document -> assertFalse(document.text().contains(SECRET)));
  }

  @Test
  void linksAreNotFollowed() throws IOException {
    link(root.resolve("file.txt"), temporary.resolve("secret.txt"));
    link(root.resolve("relative.txt"), Path.of("../secret.txt"));
    link(root.resolve("folder"), temporary.resolve("outside"));
    link(root.resolve("self"), root);
    link(root.resolve("inside.txt"), root.resolve("open.txt"));
    link(root.resolve("nowhere.txt"), temporary.resolve("missing"));
    try (KnowledgeFolder folder = KnowledgeFolder.open(root)) {
      assertSafe(folder);
      assertEquals(
          List.of("open.txt", "sub/open.txt"),
          folder.documents().stream().map(KnowledgeDocument::id).toList());
      assertEquals(6, folder.notes().size(), folder.notes().toString());
    }
  }

  @Test
  void theFolderItselfMayBeALink() throws IOException {
    link(temporary.resolve("link"), root);
    try (KnowledgeFolder folder = KnowledgeFolder.open(temporary.resolve("link"))) {
      assertEquals("an open word", folder.document("open.txt").text());
    }
  }

  @Test
  void aLinkThatComesLaterIsNotFollowed() throws IOException {
    try (KnowledgeFolder folder = KnowledgeFolder.open(root)) {
      Files.delete(root.resolve("open.txt"));
      link(root.resolve("open.txt"), temporary.resolve("secret.txt"));
      assertThrows(KnowledgeException.class, () -> folder.document("open.txt"));
      Files.delete(root.resolve("sub/open.txt"));
      Files.delete(root.resolve("sub"));
      Files.writeString(temporary.resolve("outside/open.txt"), "an open word below");
      link(root.resolve("sub"), temporary.resolve("outside"));
      // The same bytes, but not in the folder.
      assertThrows(KnowledgeException.class, () -> folder.document("sub/open.txt"));
    }
  }

  @Test
  void readingDoesNotFollowLinksEither() throws IOException {
    ConfinedFolder confined = ConfinedFolder.of(root);
    assertEquals(
        "an open word",
        new String(confined.read("open.txt", 99).orElseThrow(), StandardCharsets.UTF_8));
    link(root.resolve("file.txt"), temporary.resolve("secret.txt"));
    link(root.resolve("folder"), temporary.resolve("outside"));
    for (String id :
        List.of(
            "file.txt",
            "folder/secret.txt",
            "../secret.txt",
            "sub/../../secret.txt",
            "sub/../open.txt",
            "./open.txt",
            "",
            "sub",
            "sub/",
            "/" + temporary.resolve("secret.txt"),
            temporary.resolve("secret.txt").toString())) {
      assertThrows(IOException.class, () -> confined.read(id, 99), id);
    }
    assertTrue(confined.read("open.txt", 3).isEmpty());
  }

  /** Somebody exchanges a folder for a link again and again while a file in it is read. */
  @Test
  void aFolderThatIsExchangedMeanwhileDoesNotLeadOut() throws Exception {
    Files.writeString(temporary.resolve("outside/open.txt"), SECRET);
    link(root.resolve("probe"), temporary.resolve("outside"));
    ConfinedFolder confined = ConfinedFolder.of(root);
    Path sub = root.resolve("sub");
    Path kept = temporary.resolve("kept");
    AtomicBoolean ended = new AtomicBoolean();
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      Future<?> exchanging =
          other.submit(() -> {
            while (!ended.get()) {
              Files.move(sub, kept);
              Files.createSymbolicLink(sub, temporary.resolve("outside"));
              Files.delete(sub);
              Files.move(kept, sub);
            }
            return null;
          });
      int read = 0;
      try {
        for (int i = 0; i < 3_000; i++) {
          try {
            String text =
                new String(confined.read("sub/open.txt", 99).orElseThrow(), StandardCharsets.UTF_8);
            assertEquals("an open word below", text);
            read++;
            if (read % 10 == 0) {
              List<String> ids = confined.list(KnowledgeOptions.Limits.DEFAULT, new ArrayList<>());
              assertFalse(ids.contains("sub/secret.txt"), "listed through a link");
            }
          } catch (IOException _) {
            // It is a link just now, or nothing.
          }
        }
      } finally {
        ended.set(true);
      }
      exchanging.get();
      assertTrue(read > 0, "never read at all");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret.txt",
        "..\\secret.txt",
        "sub/../../secret.txt",
        "sub/../open.txt",
        "./open.txt",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://localhost/open.txt",
        "%2e%2e%2fsecret.txt",
        "..%2Fsecret.txt",
        "%252e%252e/secret.txt",
        "．．/secret.txt",
        "..\u2215secret.txt",
        "..\u2044secret.txt",
        "\u2025/secret.txt",
        "open.txt\u0000.md",
        "open.txt ",
        "OPEN.TXT",
        "~/secret.txt",
        "/proc/self/environ",
        "open.txt/",
        "sub//open.txt",
        "",
      })
  void idsAreNoPaths(String id) throws IOException {
    try (KnowledgeFolder folder = KnowledgeFolder.open(root)) {
      KnowledgeException e = assertThrows(KnowledgeException.class, () -> folder.document(id), id);
      assertTrue(String.valueOf(e.getMessage()).startsWith("there is no document"), e.getMessage());
      assertThrows(KnowledgeException.class, () -> folder.search("open", id, 5), id);
    }
  }

  @Test
  void whatHasChangedIsRefused() throws IOException {
    try (KnowledgeFolder folder = KnowledgeFolder.open(root)) {
      Files.writeString(root.resolve("open.txt"), "an open ward");
      KnowledgeException e =
          assertThrows(KnowledgeException.class, () -> folder.document("open.txt"));
      assertTrue(String.valueOf(e.getMessage()).contains("has changed"), e.getMessage());
      Files.delete(root.resolve("sub/open.txt"));
      assertThrows(KnowledgeException.class, () -> folder.document("sub/open.txt"));
    }
  }

  @Test
  void namesAreWhatTheyLookLike() throws IOException {
    for (String name : List.of("new\nline.txt", "bell\u0007.txt", "right\u202Etxt.exe.txt")) {
      Files.writeString(root.resolve(name), SECRET);
    }
    try (KnowledgeFolder folder = KnowledgeFolder.open(root)) {
      assertSafe(folder);
      assertEquals(3, folder.notes().size(), folder.notes().toString());
      folder
          .notes()
          .forEach(note ->
              assertTrue(
                  note.chars().noneMatch(c -> Character.isISOControl(c) || c == 0x202E), note));
    }
  }

  @Test
  void pipesAndDevicesAreNotOpened() throws Exception {
    Path pipe = root.resolve("pipe.txt");
    try {
      Process made = new ProcessBuilder("mkfifo", pipe.toString()).start();
      assumeTrue(made.waitFor() == 0, "no named pipes here");
    } catch (IOException e) {
      assumeTrue(false, "no named pipes here");
    }
    // Would wait for ever.
    try (KnowledgeFolder folder = KnowledgeFolder.open(root)) {
      assertEquals(List.of("pipe.txt: left out, it is no ordinary file"), folder.notes());
      Files.delete(root.resolve("open.txt"));
      Files.move(pipe, root.resolve("open.txt"));
      assertThrows(KnowledgeException.class, () -> folder.document("open.txt"));
    }
    link(root.resolve("device.txt"), Path.of("/dev/zero"));
    try (KnowledgeFolder folder = KnowledgeFolder.open(root)) {
      assertTrue(folder.notes().contains("device.txt: left out, links are not followed"));
    }
  }

  @Test
  void aFolderThatIsNoneIsRefused() {
    for (String path : List.of("missing", "secret.txt")) {
      assertThrows(
          KnowledgeException.class, () -> KnowledgeFolder.open(temporary.resolve(path)), path);
    }
  }
}

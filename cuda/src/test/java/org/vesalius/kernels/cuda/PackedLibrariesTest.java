package org.vesalius.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.Jvm;

/** cuBLAS out of a jar, for a machine that has nothing but the driver. */
class PackedLibrariesTest {
  private static final String PLACE = "org/bytedeco/cuda/linux-x86_64/";
  private static final String BLAS = "libcublas.so.12";
  private static final String LIGHT = "libcublasLt.so.12";

  @TempDir Path folder = Path.of("");
  private Path home = Path.of("");
  private byte[] library = new byte[0];

  @BeforeEach
  void requireDeviceAndNoCublas() throws IOException {
    Path simulated = Simulated.folder();
    Simulated.assumeNoCublas();
    home = Files.createDirectory(folder.resolve("home"));
    Path driver = Files.createDirectory(folder.resolve("driver"));
    for (String file : List.of("libcuda.so.1", "libvesalius_simulated_kernels.so")) {
      Files.copy(simulated.resolve(file), driver.resolve(file));
    }
    library = Files.readAllBytes(simulated.resolve(BLAS));
  }

  private Jvm jvm(Path jar) {
    List<Path> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path", "").split(File.pathSeparator, -1)) {
      entries.add(Path.of(entry));
    }
    entries.add(jar);
    return Simulated.jvm(home, folder, folder.resolve("driver")).classPath(entries);
  }

  /** Not compressed, so that a byte of an entry is a byte of the file. */
  private Path jar(Map<String, byte[]> entries) throws IOException {
    Path jar = folder.resolve("redist.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream packed = new JarOutputStream(out)) {
      for (Map.Entry<String, byte[]> content : entries.entrySet()) {
        JarEntry entry = new JarEntry(PLACE + content.getKey());
        CRC32 sum = new CRC32();
        sum.update(content.getValue());
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.getValue().length);
        entry.setCrc(sum.getValue());
        packed.putNextEntry(entry);
        packed.write(content.getValue());
        packed.closeEntry();
      }
    }
    return jar;
  }

  private Path jar() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put(LIGHT, library);
    entries.put(BLAS, library);
    return jar(entries);
  }

  private static String run(Jvm jvm, Class<?> main) throws IOException, InterruptedException {
    Jvm.Result result = jvm.run(main);
    assertEquals(0, result.code(), result.output());
    return result.output();
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  @Test
  void theDriverAndAJarAreEnough() throws IOException, InterruptedException {
    Path jar = jar();
    String output = run(jvm(jar), Opening.class);
    assertTrue(output.contains("cuBLAS 12), computes 39.0 39.0"), output);
    Path cache = home.resolve(".cache/vesalius/cuda-libraries");
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(cache)));
    List<Path> extracted = files(home);
    assertEquals(
        List.of(BLAS, LIGHT),
        extracted.stream().map(file -> String.valueOf(file.getFileName())).toList());

    // Once: the next process takes what is there.
    FileTime long_ago = FileTime.fromMillis(1_000_000_000_000L);
    for (Path file : extracted) {
      Files.setLastModifiedTime(file, long_ago);
    }
    String findings = run(jvm(jar), Opening.Telling.class);
    assertTrue(findings.contains("cuBLAS 12.6.0, " + extracted.getFirst().toRealPath()), findings);
    for (Path file : files(home)) {
      assertEquals(long_ago, Files.getLastModifiedTime(file));
    }

    // Half a file, as of a disk that was full, is written again.
    Files.write(extracted.getFirst(), new byte[10]);
    assertTrue(run(jvm(jar), Opening.class).contains("computes 39.0 39.0"));
    assertEquals(library.length, Files.size(extracted.getFirst()));
  }

  private void assertRefused(Jvm jvm, String... parts) throws IOException, InterruptedException {
    String output = run(jvm, Opening.class);
    assertTrue(
        output.contains("does not work: libcublas.so.12 and libcublas.so.13 not found ("), output);
    for (String part : parts) {
      assertTrue(output.contains(part), output);
    }
  }

  @Test
  void aDamagedJarIsRefused() throws IOException, InterruptedException {
    Path jar = jar();
    byte[] bytes = Files.readAllBytes(jar);
    // In the middle of the first library.
    bytes[library.length / 2] ^= 1;
    Files.write(jar, bytes);
    assertRefused(
        jvm(jar),
        LIGHT + " on the class path is damaged: expected " + library.length + " bytes with CRC-32 ",
        "; fetch the artifact again");
    assertEquals(List.of(), files(home));
  }

  @Test
  void whatIsNoLibraryIsRefused() throws IOException, InterruptedException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put(LIGHT, library);
    entries.put(BLAS, new byte[5000]);
    assertRefused(jvm(jar(entries)), BLAS + ": invalid ELF header");
    entries.remove(LIGHT);
    assertRefused(jvm(jar(entries)), BLAS + " is on the class path without " + LIGHT);
  }

  @Test
  void placesThatOthersCanEnterAreNotUsed() throws IOException, InterruptedException {
    Path jar = jar();
    Path named = Files.createDirectory(folder.resolve("named"));
    Path open = Files.createDirectory(named.resolve("cuda-libraries"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertRefused(
        jvm(jar).environment("VESALIUS_CACHE", named.toString()),
        "expected a directory of ",
        " with permissions rwx------, found one of ");
    assertEquals(List.of(), files(named));
    // Nobody can make anything there, so the folder for temporary files is next.
    assertTrue(
        run(jvm(jar).flags("-Duser.home=/sys"), Opening.class).contains("computes 39.0 39.0"));
  }
}

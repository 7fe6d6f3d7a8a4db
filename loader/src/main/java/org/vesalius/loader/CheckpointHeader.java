package org.vesalius.loader;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The checked headers of all files of a checkpoint: names, types, shapes and places of its tensors.
 *
 * <p>Reading it costs a few kilobytes per file whatever the size of the weights. On top of the
 * rules of {@link SafetensorsHeader} it holds that the index and the files agree: every file and
 * every tensor that the index names exists, every tensor of the files is named by the index, in
 * this file, and no tensor occurs in two files. Names of files in the index may not leave its
 * folder.
 */
public final class CheckpointHeader {
  /** A file as it was when its header was read. */
  record Snapshot(SafetensorsHeader header, FileTime modified) {
    Path file() {
      return header.file();
    }

    void requireUnchanged(long size, FileTime time) {
      if (size != header.fileSize()) {
        throw changed(
            header.fileSize() + " bytes, as when its header was read",
            size + " (the file was " + (size < header.fileSize() ? "truncated" : "extended") + ")");
      }
      if (!time.equals(modified)) {
        throw changed("the modification time " + modified + " of the read header", "" + time);
      }
    }

    private ModelFormatException changed(String expected, String found) {
      return ModelFormatException.of(
          file(), "file", expected, found, "let the download or copy finish, then load again");
    }
  }

  private final Path path;
  private final List<Snapshot> snapshots;
  private final Map<String, SafetensorsHeader> headerOfTensor;

  private CheckpointHeader(
      Path path, List<Snapshot> snapshots, Map<String, SafetensorsHeader> headerOfTensor) {
    this.path = path;
    this.snapshots = List.copyOf(snapshots);
    this.headerOfTensor = Collections.unmodifiableMap(headerOfTensor);
  }

  /**
   * Reads and checks all headers and touches no tensor.
   *
   * @param path a folder, a {@code .safetensors} file or an {@code .index.json}; see {@link
   *     Checkpoint#open(Path)}
   * @throws ModelFormatException when a rule is broken
   * @throws UncheckedIOException when a file cannot be read
   */
  public static CheckpointHeader read(Path path) {
    CheckpointFiles files = CheckpointFiles.find(path);
    List<Snapshot> snapshots = new ArrayList<>();
    for (Path file : files.files()) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        snapshots.add(snapshot(channel, file));
      } catch (IOException e) {
        throw new UncheckedIOException(file + ": the header could not be read: " + e, e);
      }
    }
    return of(path, files, snapshots);
  }

  static Snapshot snapshot(FileChannel channel, Path file) throws IOException {
    FileTime modified = Files.getLastModifiedTime(file);
    return new Snapshot(SafetensorsHeader.read(channel, file), modified);
  }

  static CheckpointHeader of(Path path, CheckpointFiles files, List<Snapshot> snapshots) {
    Map<String, SafetensorsHeader> headerOfTensor = new LinkedHashMap<>();
    for (Snapshot snapshot : snapshots) {
      SafetensorsHeader header = snapshot.header();
      for (SafetensorsHeader.Entry entry : header.entries()) {
        SafetensorsHeader other = headerOfTensor.putIfAbsent(entry.name(), header);
        if (other != null) {
          throw ModelFormatException.of(
              header.file(),
              "tensor " + Quote.of(entry.name()),
              "every tensor in one file",
              "it also in " + other.file().getFileName());
        }
      }
    }
    if (!files.fileOfTensor().isEmpty()) {
      requireIndexed(files, headerOfTensor);
    }
    return new CheckpointHeader(path, snapshots, headerOfTensor);
  }

  private static void requireIndexed(
      CheckpointFiles files, Map<String, SafetensorsHeader> headerOfTensor) {
    files
        .fileOfTensor()
        .forEach((name, file) -> {
          SafetensorsHeader header = headerOfTensor.get(name);
          if (header == null || !header.file().equals(file)) {
            throw ModelFormatException.of(
                files.index(),
                "tensor " + Quote.of(name),
                "it in " + file.getFileName(),
                header == null ? "it in no file" : "it in " + header.file().getFileName(),
                "index and files are not of one checkpoint: download both again");
          }
        });
    headerOfTensor.forEach((name, header) -> {
      if (!files.fileOfTensor().containsKey(name)) {
        throw ModelFormatException.of(
            header.file(),
            "tensor " + Quote.of(name),
            "every tensor named by " + files.index().getFileName(),
            "it missing there",
            "index and files are not of one checkpoint: download both again");
      }
    });
  }

  /** The path that was opened. */
  public Path path() {
    return path;
  }

  /** The safetensors files, in the order of the index. */
  public List<Path> files() {
    return snapshots.stream().map(Snapshot::file).toList();
  }

  /** The headers, in the order of {@link #files()}. */
  public List<SafetensorsHeader> headers() {
    return snapshots.stream().map(Snapshot::header).toList();
  }

  /** The names of all tensors, file by file in the order of their bytes. */
  public Set<String> names() {
    return headerOfTensor.keySet();
  }

  /** Whether a tensor of this name exists. */
  public boolean contains(String name) {
    return headerOfTensor.containsKey(name);
  }

  /**
   * Type, shape and place of a tensor.
   *
   * @throws ModelFormatException naming the checkpoint and the closest names when there is none
   */
  public SafetensorsHeader.Entry entry(String name) {
    return headerOf(name).find(name).orElseThrow();
  }

  /**
   * The file that holds a tensor.
   *
   * @throws ModelFormatException when there is no such tensor
   */
  public Path fileOf(String name) {
    return headerOf(name).file();
  }

  /** Bytes of all tensors. */
  public long byteSize() {
    return snapshots.stream().mapToLong(snapshot -> snapshot.header().dataByteSize()).sum();
  }

  /** Number of all tensors. */
  public int size() {
    return headerOfTensor.size();
  }

  private SafetensorsHeader headerOf(String name) {
    SafetensorsHeader header = headerOfTensor.get(name);
    if (header == null) {
      throw missing(name);
    }
    return header;
  }

  ModelFormatException missing(String name) {
    List<String> close = ClosestNames.of(name, names());
    return ModelFormatException.of(
        path,
        "tensor " + Quote.of(name),
        "it among the " + size() + " tensors of the checkpoint",
        close.isEmpty() ? "none like it" : "none; closest names: " + String.join(", ", close));
  }

  List<Snapshot> snapshots() {
    return snapshots;
  }
}

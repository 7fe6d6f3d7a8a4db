package org.vesalius.loader;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The weights of a model: every tensor of its safetensors files, memory-mapped and not copied.
 *
 * <p>Opening checks all headers first (see {@link CheckpointHeader} for the rules, and for reading
 * them alone), then maps the files read-only, each whole, into one arena. No byte of a tensor is
 * read until it is used; the operating system's page cache is the weight store.
 *
 * <p>Files must not be changed while a checkpoint is open. Growth or truncation between reading a
 * header and mapping is an error of {@code open}. A mapped file that is truncated afterwards makes
 * the JVM throw {@link InternalError} when a lost page is touched, and ends the process when native
 * code touches it; call {@link #verifyUnchanged()} before a run to have an exception instead.
 * Replacing a file by renaming another one over it is safe for the open checkpoint.
 *
 * <p>Instances are safe for use by several threads. {@link #close()} may not run while a tensor is
 * being read.
 */
public final class Checkpoint implements AutoCloseable {
  private final CheckpointHeader header;
  private final Map<String, StoredTensor> tensors;
  private final Arena arena;

  private Checkpoint(CheckpointHeader header, Map<String, StoredTensor> tensors, Arena arena) {
    this.header = header;
    this.tensors = tensors;
    this.arena = arena;
  }

  /**
   * Opens the weights at a path.
   *
   * @param path a model folder, in which {@code model.safetensors.index.json} is looked for, then
   *     {@code model.safetensors}, then a single file {@code *.safetensors}; or such a file itself
   * @throws ModelFormatException when there are no such weights, or they break a rule of the format
   * @throws UncheckedIOException when a file cannot be read or mapped
   */
  public static Checkpoint open(Path path) {
    return open(path, LoadListener.none());
  }

  /** As {@link #open(Path)}, reporting progress. */
  public static Checkpoint open(Path path, LoadListener listener) {
    CheckpointFiles files = CheckpointFiles.find(path);
    List<FileChannel> channels = new ArrayList<>();
    try {
      // The channel that gave the header also gives the mapping: a file that is swapped in between
      // cannot slip under a header that was checked for another one.
      return open(path, files, channels, listener);
    } finally {
      channels.forEach(Checkpoint::closeQuietly);
    }
  }

  private static Checkpoint open(
      Path path, CheckpointFiles files, List<FileChannel> channels, LoadListener listener) {
    int count = files.files().size();
    List<CheckpointHeader.Snapshot> snapshots = new ArrayList<>();
    for (Path file : files.files()) {
      try {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        channels.add(channel);
        snapshots.add(CheckpointHeader.snapshot(channel, file));
      } catch (IOException e) {
        throw new UncheckedIOException(file + ": the header could not be read: " + e, e);
      }
      listener.headerRead(snapshots.getLast().header(), snapshots.size(), count);
    }
    CheckpointHeader header = CheckpointHeader.of(path, files, snapshots);
    Arena arena = Arena.ofShared();
    try {
      Map<String, StoredTensor> tensors = LinkedHashMap.newLinkedHashMap(header.size());
      for (int i = 0; i < count; i++) {
        CheckpointHeader.Snapshot snapshot = snapshots.get(i);
        addTensors(snapshot.header(), map(channels.get(i), snapshot, arena), tensors);
        listener.mapped(snapshot.file(), i + 1, count);
      }
      return new Checkpoint(header, tensors, arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static MemorySegment map(
      FileChannel channel, CheckpointHeader.Snapshot snapshot, Arena arena) {
    Path file = snapshot.file();
    try {
      snapshot.requireUnchanged(channel.size(), Files.getLastModifiedTime(file));
      MemorySegment bytes = channel.map(MapMode.READ_ONLY, 0, snapshot.header().fileSize(), arena);
      snapshot.requireUnchanged(channel.size(), Files.getLastModifiedTime(file));
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(
          file + ": " + snapshot.header().fileSize() + " bytes could not be mapped: " + e, e);
    }
  }

  private static void addTensors(
      SafetensorsHeader header, MemorySegment bytes, Map<String, StoredTensor> tensors) {
    for (SafetensorsHeader.Entry entry : header.entries()) {
      MemorySegment data = bytes.asSlice(header.dataOffset() + entry.begin(), entry.byteSize());
      tensors.put(
          entry.name(),
          new StoredTensor(entry.name(), entry.dtype(), entry.shape(), data, header.file()));
    }
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing was written, so nothing can be lost; the mapping does not need the channel.
    }
  }

  /** The checked headers; usable after {@link #close()}. */
  public CheckpointHeader header() {
    return header;
  }

  /** The names of all tensors, file by file in the order of their bytes. */
  public Set<String> names() {
    return header.names();
  }

  /** Whether a tensor of this name exists. */
  public boolean contains(String name) {
    return header.contains(name);
  }

  /**
   * The tensor of this name.
   *
   * @throws ModelFormatException naming the checkpoint and the closest names when there is none
   * @throws IllegalStateException when the checkpoint is closed
   */
  public StoredTensor tensor(String name) {
    requireOpen();
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw header.missing(name);
    }
    return tensor;
  }

  /**
   * All tensors, file by file in the order of their bytes.
   *
   * @throws IllegalStateException when the checkpoint is closed
   */
  public Collection<StoredTensor> tensors() {
    requireOpen();
    return List.copyOf(tensors.values());
  }

  /** Bytes of all tensors. */
  public long byteSize() {
    return header.byteSize();
  }

  /** The safetensors files, in the order of the index. */
  public List<Path> files() {
    return header.files();
  }

  /**
   * Checks that size and modification time of every file are those of the checked header.
   *
   * <p>Cheap enough for once before each run; it cannot see a change that happens later.
   *
   * @throws ModelFormatException naming the file that changed
   * @throws UncheckedIOException when a file is gone
   */
  public void verifyUnchanged() {
    requireOpen();
    for (CheckpointHeader.Snapshot snapshot : header.snapshots()) {
      Path file = snapshot.file();
      try {
        snapshot.requireUnchanged(Files.size(file), Files.getLastModifiedTime(file));
      } catch (IOException e) {
        throw new UncheckedIOException(file + ": the mapped file is gone: " + e, e);
      }
    }
  }

  /**
   * Unmaps all files; a second call does nothing.
   *
   * @throws IllegalStateException when native code is using a tensor at this moment
   */
  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private void requireOpen() {
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException("the checkpoint " + header.path() + " is closed");
    }
  }
}

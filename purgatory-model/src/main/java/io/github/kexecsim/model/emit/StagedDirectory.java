package io.github.kexecsim.model.emit;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Files that appear in a directory once they are all written. Until then they are in a directory of
 * their own inside it, which is gone after {@link #close}, as is what was made for nothing.
 */
final class StagedDirectory implements AutoCloseable {
  private final Path directory;
  private final boolean created;
  private final Path staging;
  private final List<String> names = new ArrayList<>();
  private boolean committed;

  private StagedDirectory(Path directory, boolean created, Path staging) {
    this.directory = directory;
    this.created = created;
    this.staging = staging;
  }

  /**
   * Begins.
   *
   * @param directory made where it is not there; its parent must be
   * @param force whether it may have files in it; those of other names stay
   * @throws FileSystemException if it is no directory, or a {@link DirectoryNotEmptyException}
   */
  static StagedDirectory open(Path directory, boolean force) throws IOException {
    boolean created = create(directory);
    if (!created && !force) {
      requireEmpty(directory);
    }
    try {
      return new StagedDirectory(directory, created, Files.createTempDirectory(directory, ".emit"));
    } catch (IOException e) {
      if (created) {
        Files.deleteIfExists(directory);
      }
      throw e;
    }
  }

  private static boolean create(Path directory) throws IOException {
    try {
      Files.createDirectory(directory);
      return true;
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory)) {
        throw new NotDirectoryException(directory + ": not a directory");
      }
      return false;
    }
  }

  private static void requireEmpty(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      if (entries.findAny().isPresent()) {
        throw new DirectoryNotEmptyException(directory.toString());
      }
    }
  }

  /**
   * Writes a file.
   *
   * @param name of the file: a plain one
   * @param size of the file, at least that of the content; zeros follow it, without taking room on
   *     file systems that can leave them out
   */
  void write(String name, ByteView content, long size) throws IOException {
    Path file = staging.resolve(name);
    names.add(name);
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      writeAll(channel, ByteBuffer.wrap(content.array(), content.arrayOffset(), content.size()));
      if (size > content.size()) {
        channel.position(size - 1);
        writeAll(channel, ByteBuffer.allocate(1));
      }
    }
  }

  void write(String name, ByteView content) throws IOException {
    write(name, content, content.size());
  }

  void makeExecutable(String name) throws IOException {
    if (!staging.resolve(name).toFile().setExecutable(true, false)) {
      throw new FileSystemException(name, null, "cannot be made executable");
    }
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * Moves the files to where they belong, in the order in which they were written. A link of that
   * name is replaced, not followed.
   *
   * @return their names
   */
  List<String> commit() throws IOException {
    for (String name : names) {
      Files.move(staging.resolve(name), directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }
    committed = true;
    return List.copyOf(names);
  }

  @Override
  public void close() throws IOException {
    for (String name : names) {
      Files.deleteIfExists(staging.resolve(name));
    }
    Files.deleteIfExists(staging);
    if (created && !committed) {
      deleteIfEmpty(directory);
    }
  }

  private static void deleteIfEmpty(Path directory) throws IOException {
    try {
      Files.deleteIfExists(directory);
    } catch (DirectoryNotEmptyException e) {
      // Someone else put something there meanwhile.
      return;
    }
  }
}

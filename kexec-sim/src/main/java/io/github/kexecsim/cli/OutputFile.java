package io.github.kexecsim.cli;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file to be written whole or not at all: the bytes go to a new file beside it, which then takes
 * its place.
 *
 * @param name as the user wrote it; {@code -} is standard output
 * @param path where it is
 * @param replace whether a file that is already there may be lost
 */
record OutputFile(String name, Path path, boolean replace) {
  static final Option OUTPUT =
      Option.of("FILE", "Write to FILE; - is standard output.", "-o", "--output");
  static final Option FORCE =
      Option.flag("Replace output files that are there already.", "--force");

  private static final String STANDARD_OUTPUT = "-";
  private static final int PIECE = 256 << 10;
  private static final int MOST_TEMPORARIES = 1000;

  /**
   * The file that {@code -o} names, checked before any work is done: an existing one that is not
   * empty is kept, unless {@code --force} is given.
   *
   * @throws Failure with {@link ExitStatus#FILE}
   */
  static OutputFile of(String name, Arguments arguments, Console console) {
    OutputFile file = new OutputFile(name, console.path(name), arguments.has(FORCE));
    if (!file.isStandardOutput()) {
      file.checkPlace();
    }
    return file;
  }

  boolean isStandardOutput() {
    return name.equals(STANDARD_OUTPUT);
  }

  private String action() {
    return "cannot write " + name;
  }

  private void checkPlace() {
    if (Files.isDirectory(path)) {
      throw Failure.file(action() + ": it is a directory");
    }
    try {
      if (Files.isRegularFile(path) && Files.size(path) > 0 && !replace) {
        throw alreadyThere();
      }
    } catch (IOException e) {
      throw Failure.file(action(), e);
    }
  }

  private Failure alreadyThere() {
    return Failure.file(action() + ": it is there already; " + FORCE.name() + " replaces it");
  }

  /**
   * Writes the file.
   *
   * @throws Failure with {@link ExitStatus#FILE}, and then nothing has changed
   */
  void write(ByteView bytes, Console console) {
    if (isStandardOutput()) {
      console.out().write(bytes.array(), bytes.arrayOffset(), bytes.size());
      return;
    }
    try {
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        writeInto(path, bytes, StandardOpenOption.WRITE);
      } else {
        replaceWith(bytes);
      }
    } catch (FileAlreadyExistsException e) {
      throw alreadyThere();
    } catch (IOException e) {
      throw Failure.file(action(), e);
    }
  }

  private void replaceWith(ByteView bytes) throws IOException {
    // A link stays one: what it leads to is replaced.
    Path target = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
    boolean overEmpty = Files.exists(target, LinkOption.NOFOLLOW_LINKS) && Files.size(target) == 0;
    Path temporary = createBeside(target);
    try {
      writeInto(temporary, bytes, StandardOpenOption.WRITE);
      if (replace || overEmpty) {
        Files.move(
            temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.move(temporary, target);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * Makes a file that was not there: what a process of the same number once left behind, or another
   * thread is about to write, stays as it is.
   */
  private static Path createBeside(Path target) throws IOException {
    long process = ProcessHandle.current().pid();
    for (int i = 0; i < MOST_TEMPORARIES; i++) {
      try {
        return Files.createFile(target.resolveSibling(".kexec-sim-" + process + "-" + i + ".tmp"));
      } catch (FileAlreadyExistsException e) {
        continue;
      }
    }
    throw new IOException(
        MOST_TEMPORARIES + " files .kexec-sim-" + process + "-*.tmp are beside it; remove them");
  }

  private static void writeInto(Path file, ByteView bytes, StandardOpenOption... options)
      throws IOException {
    try (OutputStream out = Files.newOutputStream(file, options)) {
      // In pieces: for one large write a buffer as large is made outside the heap.
      for (int at = 0; at < bytes.size(); at += PIECE) {
        int length = Math.min(PIECE, bytes.size() - at);
        out.write(bytes.array(), bytes.arrayOffset() + at, length);
      }
    }
  }
}

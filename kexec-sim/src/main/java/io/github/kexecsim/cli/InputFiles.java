package io.github.kexecsim.cli;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Reads whole files up to a limit.
 *
 * @param console tells where names lead
 * @param limit the most bytes that a file may have
 */
record InputFiles(Console console, long limit) {
  static final Option MAX_FILE =
      Option.of("SIZE", "Read no file that is larger; 1G unless told.", "--max-file");

  private static final long DEFAULT_MAX = 1 << 30;
  private static final long LARGEST_ARRAY = Integer.MAX_VALUE - 8;
  private static final Path NULL = Path.of("/dev/null");

  /**
   * Reads within the limit that the options set.
   *
   * @throws Failure with {@link ExitStatus#USAGE}
   */
  static InputFiles of(Arguments arguments, Console console) {
    long limit =
        arguments
            .value(MAX_FILE)
            .map(value -> ByteCount.parse(MAX_FILE, value, 0, LARGEST_ARRAY))
            .orElse(DEFAULT_MAX);
    return new InputFiles(console, limit);
  }

  /**
   * Reads a whole file. Devices, pipes and sockets are refused, because reading one may never end;
   * /dev/null reads as the empty file that it is.
   *
   * @throws Failure with {@link ExitStatus#FILE}
   */
  InputFile read(String name) {
    String action = "cannot read " + name;
    Path path = console.path(name);
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      if (attributes.isDirectory()) {
        throw Failure.file(action + ": it is a directory");
      }
      if (!attributes.isRegularFile() && !Files.isSameFile(path, NULL)) {
        throw Failure.file(
            action + ": it is a device, a pipe or a socket; store what it gives in a file first");
      }
      byte[] bytes;
      try (InputStream in = Files.newInputStream(path)) {
        // Files of /proc and /sys have size 0 and something in them all the same.
        bytes = in.readNBytes((int) Math.min(limit + 1, LARGEST_ARRAY));
      }
      if (bytes.length > limit) {
        throw Failure.file(
            action
                + ": it is larger than "
                + limit
                + " bytes; "
                + MAX_FILE.name()
                + " allows more");
      }
      return new InputFile(name, ByteView.of(bytes));
    } catch (IOException e) {
      throw Failure.file(action, e);
    }
  }
}

package io.github.kexecsim.cli;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.limit.Limit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;

/**
 * Reads whole files up to a limit.
 *
 * @param console tells where names lead
 * @param limit the most bytes that a file may have
 */
record InputFiles(Console console, long limit) {
  private static final long LARGEST_ARRAY = Limit.FILE_SIZE.most();
  private static final int PIECE = 256 << 10;
  private static final Path NULL = Path.of("/dev/null");

  /**
   * Reads within the limit that the options set.
   *
   * @throws Failure with {@link ExitStatus#USAGE}
   */
  static InputFiles of(Arguments arguments, Console console) {
    return new InputFiles(console, LimitOptions.limits(arguments).of(Limit.FILE_SIZE));
  }

  /**
   * Reads a whole file. Devices, pipes and sockets are refused, because reading one may never end;
   * /dev/null reads as the empty file that it is. A file that has less in it than its size says is
   * refused, because it is being cut, or never had the rest.
   *
   * @throws Failure with {@link ExitStatus#FILE}
   */
  InputFile read(String name) {
    if (name.isEmpty()) {
      throw Failure.usage("a file's name is empty");
    }
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
      if (attributes.size() > limit) {
        throw tooLarge(action);
      }
      try (InputStream in = Files.newInputStream(path)) {
        byte[] bytes = read(in, (int) attributes.size());
        if (bytes.length < attributes.size()) {
          throw endsEarly(action, bytes.length, attributes.size());
        }
        // Files of /proc and /sys have size 0 and something in them all the same.
        byte[] more = in.readNBytes((int) Math.min(limit + 1 - bytes.length, LARGEST_ARRAY));
        if (more.length > limit - bytes.length) {
          throw tooLarge(action);
        }
        return new InputFile(name, ByteView.of(more.length == 0 ? bytes : joined(bytes, more)));
      }
    } catch (IOException e) {
      throw Failure.file(action, e);
    }
  }

  /**
   * Reads in pieces: a stream that is asked for all at once makes a buffer as large outside the
   * heap.
   */
  private static byte[] read(InputStream in, int size) throws IOException {
    byte[] bytes = new byte[size];
    int length = 0;
    int got = 0;
    while (length < size && got >= 0) {
      got = in.read(bytes, length, Math.min(PIECE, size - length));
      length += Math.max(got, 0);
    }
    return length == size ? bytes : Arrays.copyOf(bytes, length);
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private Failure tooLarge(String action) {
    String remedy =
        limit < LARGEST_ARRAY
            ? "; " + "--" + Limit.FILE_SIZE.option() + " allows more"
            : ", which is the most that can be read";
    return Failure.file(action + ": it is larger than " + limit + " bytes" + remedy);
  }

  private static Failure endsEarly(String action, int length, long size) {
    return Failure.file(
        action
            + ": it ends after "
            + length
            + " of the "
            + size
            + " bytes that it is said to have; if nothing is writing to it, store what it gives in"
            + " another file first");
  }
}

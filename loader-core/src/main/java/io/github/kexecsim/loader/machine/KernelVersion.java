package io.github.kexecsim.loader.machine;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.report.Field;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The running kernel's version, as far as it changes what kexec_file_load does.
 *
 * @param major the first number, as 7 in 7.2.13
 * @param minor the second number, as 2 in 7.2.13
 */
public record KernelVersion(int major, int minor) implements Comparable<KernelVersion> {
  /** The newest kernel whose loads were recorded: what is assumed where nothing is known. */
  public static final KernelVersion NEWEST_RECORDED = new KernelVersion(7, 2);

  private static final Pattern RELEASE = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})(?:\\D.*)?");

  /**
   * Reads a release string such as {@code uname -r} prints, for instance {@code
   * 6.12.107+deb13-cloud-amd64}.
   *
   * @throws KexecException {@link Reason#INCOMPLETE_MACHINE} when it does not begin with two
   *     numbers
   */
  public static KernelVersion parse(String release) {
    Matcher matcher = RELEASE.matcher(release.strip());
    if (!matcher.matches()) {
      throw new KexecException(
          Reason.INCOMPLETE_MACHINE,
          "not a kernel release: \"" + Field.printable(release.strip()) + "\"",
          "a release begins with two numbers, as in 6.12.107");
    }
    return new KernelVersion(
        Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  public boolean isAtLeast(int wantedMajor, int wantedMinor) {
    return compareTo(new KernelVersion(wantedMajor, wantedMinor)) >= 0;
  }

  @Override
  public int compareTo(KernelVersion other) {
    int byMajor = Integer.compare(major, other.major);
    return byMajor != 0 ? byMajor : Integer.compare(minor, other.minor);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}

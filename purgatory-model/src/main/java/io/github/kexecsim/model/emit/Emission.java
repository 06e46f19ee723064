package io.github.kexecsim.model.emit;

import io.github.kexecsim.loader.Refusal;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What was written.
 *
 * @param directory where
 * @param files the names of the files, without the directory
 * @param notBootable why {@code boot.sh} boots nothing, where it does not: the script says the same
 *     and fails
 */
public record Emission(Path directory, List<String> files, Optional<Refusal> notBootable) {
  public Emission {
    Objects.requireNonNull(directory);
    files = List.copyOf(files);
    Objects.requireNonNull(notBootable);
  }
}

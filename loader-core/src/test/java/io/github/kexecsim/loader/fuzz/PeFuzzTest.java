package io.github.kexecsim.loader.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.image.UkiImage;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.pe.FirmwareMemory;
import io.github.kexecsim.loader.pe.MappedPe;
import io.github.kexecsim.loader.pe.PeFindings;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.WriteXorExecute;
import io.github.kexecsim.loader.uki.Addon;
import io.github.kexecsim.loader.uki.Composition;
import io.github.kexecsim.loader.uki.Given;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a PE file holds, it is mapped and composed within bounds, or refused. */
class PeFuzzTest {
  private static final long HEADER_ALLOCATION = 2 << 20;

  /** A row of 40 bytes becomes a section, and is told of. */
  private static final long PER_BYTE = 64;

  private static final long MAX_IMAGE = 1 << 20;

  /** The image, a copy with its base in the header, and the list of its parts. */
  private static final long MAP_ALLOCATION = 4 * MAX_IMAGE + HEADER_ALLOCATION;

  private static final FirmwareMemory MEMORY =
      new FirmwareMemory(List.of(new PhysRange(0x40000000, 0x48000000)));

  private static long bound(byte[] file) {
    return HEADER_ALLOCATION + PER_BYTE * file.length;
  }

  static List<byte[]> images() {
    return Seeds.images();
  }

  @MethodSource("images")
  @FuzzTest
  void header(byte[] file) {
    ByteView view = ByteView.of(file);
    Bounds.read(bound(file), () -> PeHeader.find(view));
    Bounds.read(bound(file), () -> PeFindings.of(view)).ifPresent(Bounds::checkPrintable);
  }

  @MethodSource("images")
  @FuzzTest
  void mapped(byte[] file) {
    ByteView view = ByteView.of(file);
    Optional<PeHeader> header =
        Bounds.read(bound(file), () -> PeHeader.find(view)).orElse(Optional.empty());
    if (header.isEmpty()) {
      return;
    }
    Bounds.checkPrintable(WriteXorExecute.objections(header.get()));
    Optional<MappedPe> mapped =
        Bounds.read(
            MAP_ALLOCATION,
            () -> MappedPe.of(header.get(), view, MEMORY::baseFor, MAX_IMAGE).withBaseInHeader());
    if (mapped.isPresent()) {
      MappedPe image = mapped.get();
      assertThat(image.content().size()).isLessThanOrEqualTo((int) image.range().size());
      assertThat(image.range().size()).isLessThanOrEqualTo(MAX_IMAGE);
      Bounds.checkAscending(image.untouched());
      assertThat(image.zeros()).allMatch(zeros -> image.range().contains(zeros));
    }
  }

  @MethodSource("images")
  @FuzzTest
  void composition(byte[] file) {
    ByteView view = ByteView.of(file);
    Bounds.read(bound(file), () -> UkiImage.parse(view))
        .ifPresent(
            uki ->
                Bounds.read(
                    bound(file),
                    () -> {
                      Composition composition =
                          Composition.of(
                              view,
                              uki.sections(),
                              List.of(),
                              Given.NOTHING,
                              Optional.empty(),
                              Limits.DEFAULT);
                      composition.initrd();
                      assertThat(composition.commandLine().text()).doesNotContain("\0");
                      return composition;
                    }));
  }

  @MethodSource("images")
  @FuzzTest
  void addon(byte[] file) {
    Bounds.read(
        bound(file),
        () -> {
          Addon addon = Addon.parse("addon", ByteView.of(file));
          addon.applicable();
          addon.commandLine();
          return addon;
        });
  }
}

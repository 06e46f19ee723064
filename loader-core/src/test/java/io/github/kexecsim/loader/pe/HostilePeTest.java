package io.github.kexecsim.loader.pe;

import static io.github.kexecsim.loader.pe.PeImages.TEXT;
import static io.github.kexecsim.loader.pe.PeImages.block;
import static io.github.kexecsim.loader.pe.PeImages.file;
import static io.github.kexecsim.loader.pe.PeImages.relocatable;
import static io.github.kexecsim.loader.pe.PeImages.sound;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** PE files that nobody vouches for: a finding or an error of ours, soon and in little memory. */
@Timeout(300)
class HostilePeTest {
  private static final long MAX = 1 << 18;
  private static final FirmwareMemory MEMORY =
      new FirmwareMemory(List.of(new PhysRange(0x1000, 0x4000_0000)));
  private static final long[] EXTREMES = {
    0,
    1,
    2,
    0x3f,
    0x40,
    0x1ff,
    0x200,
    0xfff,
    0x1000,
    0x5000,
    0xffff,
    0x10000,
    MAX,
    0x7fff_ffffL,
    0x8000_0000L,
    0xffff_f000L,
    0xffff_fffeL,
    0xffff_ffffL
  };

  /** Asks all there is to ask; whatever is thrown that is no error of ours goes to the test. */
  private static void ask(byte[] bytes) {
    ByteView file = ByteView.of(bytes);
    for (Finding finding : PeFindings.of(file)) {
      assertPrintable(finding.message());
      assertPrintable(finding.remedy());
    }
    try {
      Optional<PeHeader> header = PeHeader.find(file);
      if (header.isPresent()) {
        header.get().fields();
        WriteXorExecute.objections(header.get());
        MappedPe image = MappedPe.of(header.get(), file, MEMORY::baseFor, MAX);
        boolean inside =
            image.content().size() <= MAX
                && image.range().contains(image.entry())
                && image.zeros().stream().allMatch(image.range()::contains);
        if (!inside) {
          throw new AssertionError(image);
        }
        image.untouched();
      }
    } catch (KexecException e) {
      assertPrintable(e.getMessage());
    }
  }

  private static void assertPrintable(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
        throw new AssertionError("not printable at " + i + ": " + Field.printable(text));
      }
    }
  }

  @Test
  void fileCutAnywhere() {
    byte[] file = sound().write();
    for (int length = 0; length <= file.length; length++) {
      ask(Arrays.copyOf(file, length));
    }
  }

  @Test
  void everyFieldAtEveryLimit() {
    byte[] file = relocatable(block(0x2000, 0xa000, 0x3010)).imageBase(0x1_0000_0000L).write();
    int table = 0x40 + PeHeader.COFF_SIZE + 240;
    for (int offset = 0x3c; offset < table + 3 * PeHeader.SECTION_SIZE; offset += 2) {
      for (long extreme : EXTREMES) {
        for (int width = 2; width <= 8; width *= 2) {
          byte[] changed = file.clone();
          for (int i = 0; i < width; i++) {
            changed[offset + i] = (byte) (extreme >> 8 * i);
          }
          ask(changed);
        }
      }
    }
  }

  @Test
  void peHeaderEverywhere() {
    byte[] file = sound().write();
    for (int offset = 0; offset < file.length + 8; offset++) {
      byte[] moved = file.clone();
      moved[0x3c] = (byte) offset;
      moved[0x3d] = (byte) (offset >> 8);
      ask(moved);
      if (offset + 4 <= file.length) {
        moved[offset] = 'P';
        moved[offset + 1] = 'E';
        moved[offset + 2] = 0;
        moved[offset + 3] = 0;
        ask(moved);
      }
    }
  }

  @Test
  void asManySectionsAsThereCanBe() {
    for (boolean descending : new boolean[] {false, true}) {
      PeWriter writer = new PeWriter(PeMachine.ARM64).sectionAlignment(1);
      for (int i = 0; i < 0xffff; i++) {
        long address = descending ? 0x80_0000 - 8 * i : 0x40_0000 + i;
        writer.section(
            new PeHeader.Section("\u001b[2J" + i % 10, 0x10_0000, address, 0x200, 0x100, TEXT | i),
            ByteView.of(new byte[0]));
      }
      byte[] file = writer.write();
      List<Finding> findings = PeFindings.of(ByteView.of(file));
      assertThat(findings).hasSize(21);
      ask(file);
    }
  }

  @Test
  void manySectionsThatAreSound() {
    PeWriter writer = new PeWriter(PeMachine.ARM64).fileAlignment(1).sectionAlignment(1);
    for (int i = 0; i < 0xffff; i++) {
      writer.section("s", 0x40_0000 + i, ByteView.of(new byte[] {(byte) i}), TEXT);
    }
    ByteView file = file(writer);
    assertThat(PeFindings.of(file)).isEmpty();
    MappedPe image = MappedPe.of(PeImages.header(file), file, MEMORY::baseFor, 1 << 23);
    assertThat(image.parts()).hasSize(0x10000);
    assertThat(image.content().slice(0x40_0000, 0xffff))
        .isEqualTo(file.slice(image.header().sizeOfHeaders(), 0xffff));
  }

  @Test
  void randomChangesOfHeadersAndRelocations() {
    byte[] file =
        relocatable(block(0x2000, 0xa000, 0x3010), block(0x2100, 0xa000, 0x1008, 0x2010, 0))
            .imageBase(0x1_0000_0000L)
            .write();
    SplittableRandom random = new SplittableRandom(30);
    for (int round = 0; round < 20_000; round++) {
      byte[] changed = file.clone();
      int edits = 1 + random.nextInt(6);
      for (int i = 0; i < edits; i++) {
        boolean inTable = random.nextInt(3) == 0;
        int at = inTable ? file.length - 0x200 + random.nextInt(0x20) : random.nextInt(0x200);
        changed[at] = (byte) random.nextInt();
      }
      ask(changed);
    }
  }
}

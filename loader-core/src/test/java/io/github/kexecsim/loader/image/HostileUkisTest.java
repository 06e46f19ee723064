package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.pe.PeWriter;
import io.github.kexecsim.loader.uki.Composition;
import io.github.kexecsim.loader.uki.Given;
import io.github.kexecsim.loader.uki.UkiBuilder;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** UKIs that mean harm: what is asked of them ends soon, in an answer or in a refusal. */
class HostileUkisTest {
  private static final int MOST_SECTIONS = 0xffff;
  private static final String[] NAMES = {
    ".linux", ".initrd", ".cmdline", ".osrel", ".dtb", ".dtbauto", ".hwids", ".ucode", ".profile",
    ".sbat", ".uname", ".pcrsig", ".pcrpkey", ".splash", ".efifw", ".sdmagic", "\u0000", "unknown"
  };

  private static void ask(byte[] file) {
    ByteView view = ByteView.of(file);
    Hostile.parse(file).ifPresent(image -> askUki(image, view));
    Hostile.peel(file);
  }

  private static void askUki(KernelImage image, ByteView view) {
    new Layer(image, view, Optional.empty()).findings();
    if (image instanceof UkiImage uki) {
      try {
        Composition.of(
                view,
                uki.sections(),
                List.of(),
                Given.NOTHING,
                Optional.of(
                    FlattenedDeviceTree.parse(
                        ByteView.of(new FdtBuilder().string("compatible", "m").build()))),
                Limits.DEFAULT)
            .initrd();
      } catch (KexecException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }

  /** As many rows of one name as a header counts, all of them on the same bytes. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        ".linux",
        ".initrd",
        ".cmdline",
        ".osrel",
        ".dtbauto",
        ".hwids",
        ".efifw",
        ".profile",
        ".x"
      })
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void asManySectionsAsCanBe(String name) {
    byte[] kernel = ImageFixtures.uki(ImageFixtures.arm64());
    int bytesAt = 0x280200;
    PeWriter writer =
        new PeWriter(PeMachine.ARM64).section(".linux", 0x1000, ByteView.of(kernel), 0);
    for (int i = 1; i < MOST_SECTIONS; i++) {
      writer.section(
          new Section(name, kernel.length, 0x1000, kernel.length, bytesAt, 0),
          ByteView.of(new byte[0]));
    }
    byte[] file = writer.write();
    assertThat(ByteView.of(file).matches(bytesAt, "MZ")).isTrue();
    ask(file);
  }

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void manyProfiles() {
    UkiBuilder uki = UkiBuilder.of(PeMachine.ARM64).section(".linux", ImageFixtures.arm64());
    for (int i = 0; i < 10_000; i++) {
      uki.section(".profile", "ID=p" + i).section(".cmdline", "p=" + i);
    }
    ByteView file = uki.view();
    UkiImage image = UkiImage.parse(file);
    assertThat(image.profiles().count()).isEqualTo(10_000);
    UkiImage last = image.withProfile("p9999", file);
    assertThat(last.sections().number()).hasValue(9999);
    ask(file.toByteArray());
  }

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void manyUkisInEachOther() {
    byte[] file = ImageFixtures.arm64();
    for (int i = 0; i < 200; i++) {
      file = UkiBuilder.of(PeMachine.ARM64).section(".linux", file).build();
    }
    ask(file);
  }

  @Test
  @Timeout(value = 120, unit = TimeUnit.SECONDS)
  void rowsOfAnyKind() {
    SplittableRandom random = new SplittableRandom(7);
    long[] edges = {0, 1, 0x40, 0x200, 0x1000, 0x7fffffffL, 0x80000000L, 0xffffffffL};
    for (int round = 0; round < 3000; round++) {
      PeWriter writer = new PeWriter(PeMachine.values()[random.nextInt(4)]);
      writer.section(".linux", 0x1000, ByteView.of(ImageFixtures.arm64()), 0);
      int rows = random.nextInt(12);
      for (int i = 0; i < rows; i++) {
        String name = NAMES[random.nextInt(NAMES.length)];
        Section row =
            new Section(
                name,
                any(random, edges),
                any(random, edges),
                any(random, edges),
                any(random, edges),
                random.nextInt());
        byte[] bytes = new byte[random.nextInt(64)];
        random.nextBytes(bytes);
        writer.section(row, ByteView.of(bytes));
      }
      ask(writer.write());
    }
  }

  private static long any(SplittableRandom random, long[] edges) {
    return random.nextBoolean()
        ? edges[random.nextInt(edges.length)]
        : random.nextInt(0x5000) & 0xffff_ffffL;
  }
}

package io.github.kexecsim.model.efi;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.efi.EfiOutcome.FaultKind;
import io.github.kexecsim.model.efi.StubRun.Stopped;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The answers of single services, in the specification's words. */
class EfiServicesTest {
  private static final EfiPlan PLAN = EfiPlan.of(EfiLoads.small(), EfiOptions.DEFAULT);

  private final StubRun run = new StubRun(PLAN, EfiSimulator.load(PLAN));
  private final EfiServices services = new EfiServices(run);

  @Test
  void memoryIsAllocatedAndFreed() throws Stopped {
    EfiResult pages = services.allocatePages(EfiMemoryMap.ANY_PAGES, 2, 4, 0);
    assertThat(pages.isSuccess()).isTrue();
    assertThat(services.freePages(pages.get("memory") + 1, 4).status())
        .isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(services.freePages(pages.get("memory"), 4).isSuccess()).isTrue();
    assertThat(services.freePages(pages.get("memory"), 4).status()).isEqualTo(EfiStatus.NOT_FOUND);
    assertThat(services.allocatePages(9, 2, 4, 0).status()).isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(services.allocatePages(EfiMemoryMap.ANY_PAGES, 2, 1 << 20, 0).status())
        .isEqualTo(EfiStatus.OUT_OF_RESOURCES);
    long kernel = PLAN.placed().kernelEntry() & -4096;
    assertThat(services.allocatePages(EfiMemoryMap.ADDRESS, 2, 1, kernel).status())
        .as("the zboot image is there")
        .isEqualTo(EfiStatus.NOT_FOUND);
    EfiResult pool = services.allocatePool(EfiMemoryType.LOADER_DATA, 100);
    assertThat(services.freePool(pool.get("memory")).isSuccess()).isTrue();
    assertThat(services.freePool(pool.get("memory")).status())
        .isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(services.allocatePool(EfiMemoryType.CONVENTIONAL, 1).status())
        .isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(services.allocatePool(EfiMemoryType.LOADER_DATA, 2 * EfiLoads.GIB).status())
        .isEqualTo(EfiStatus.OUT_OF_RESOURCES);
  }

  @Test
  void theMapWantsABufferAndTheExitItsKey() throws Stopped {
    EfiResult asked = services.getMemoryMap(0, 0);
    assertThat(asked.status()).isEqualTo(EfiStatus.BUFFER_TOO_SMALL);
    long size = asked.get("size");
    long buffer = services.allocatePool(EfiMemoryType.LOADER_DATA, 4096).get("memory");
    assertThat(services.getMemoryMap(size - 1, buffer).status())
        .isEqualTo(EfiStatus.BUFFER_TOO_SMALL);
    EfiResult map = services.getMemoryMap(4096, buffer);
    ByteView descriptors = run.read(buffer, (int) map.get("size"));
    assertThat(descriptors.u64le(8)).isEqualTo(EfiLoads.RAM);
    assertThat(services.exitBootServices(1, map.get("key") - 1).status())
        .isEqualTo(EfiStatus.INVALID_PARAMETER);
    services.allocatePages(EfiMemoryMap.ANY_PAGES, 2, 1, 0);
    assertThat(services.exitBootServices(1, map.get("key")).status())
        .isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(services.exitBootServices(1, run.map().key()).isSuccess()).isTrue();
  }

  @Test
  void protocolsAreFewAndHandlesMustBeKnown() throws Stopped {
    EfiResult image = services.handleProtocol(EfiServices.PARENT, EfiGuid.LOADED_IMAGE_PROTOCOL);
    assertThat(run.word(image.get("interface") + 64))
        .isEqualTo(PLAN.rangeOf(SegmentRole.KERNEL).start());
    assertThat(services.handleProtocol(99, EfiGuid.LOADED_IMAGE_PROTOCOL).status())
        .isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(services.handleProtocol(EfiServices.CHILD, EfiGuid.LOADED_IMAGE_PROTOCOL).status())
        .isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(services.handleProtocol(EfiServices.PARENT, EfiGuid.TCG2_PROTOCOL).status())
        .isEqualTo(EfiStatus.UNSUPPORTED);
    assertThat(services.locateProtocol(EfiGuid.TCG2_PROTOCOL).status())
        .isEqualTo(EfiStatus.NOT_FOUND);
    assertThat(services.startImage().status()).isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(services.getVariable("SecureBoot").status()).isEqualTo(EfiStatus.UNSUPPORTED);
    assertThat(services.unsupported()).containsExactly(EfiService.GET_VARIABLE);
  }

  @Test
  void configurationTablesAreReplacedRemovedAndLimited() throws Stopped {
    StubLibrary stub = new StubLibrary(run, services);
    assertThat(services.installConfigurationTable(EfiGuid.LINUX_BOOT_MEMMAP, 0).status())
        .isEqualTo(EfiStatus.NOT_FOUND);
    assertThat(services.installConfigurationTable(EfiGuid.LINUX_BOOT_MEMMAP, 8).isSuccess())
        .isTrue();
    services.installConfigurationTable(EfiGuid.LINUX_BOOT_MEMMAP, 16);
    assertThat(stub.configurationTable(EfiGuid.LINUX_BOOT_MEMMAP)).hasValue(16);
    assertThat(services.installConfigurationTable(EfiGuid.LINUX_BOOT_MEMMAP, 0).isSuccess())
        .isTrue();
    assertThat(stub.configurationTable(EfiGuid.LINUX_BOOT_MEMMAP)).isEmpty();
    assertThat(stub.configurationTable(EfiGuid.DEVICE_TREE))
        .hasValue(PLAN.symbols().get("dtb_addr"));
    run.writeWord(
        PLAN.symbols().get("system_table") + ServicesBlock.NUMBER_OF_TABLES,
        ServicesBlock.MAX_CONFIGURATION);
    assertThat(services.installConfigurationTable(EfiGuid.LINUX_INITRD_MEDIA, 8).status())
        .isEqualTo(EfiStatus.OUT_OF_RESOURCES);
  }

  @Test
  void loadImageTakesWhatIsAnArm64Application() throws Stopped {
    byte[] arm64 = zboot(Architecture.ARM64);
    EfiResult loaded = services.loadImage(file(arm64));
    assertThat(loaded.isSuccess()).isTrue();
    assertThat(run.read(loaded.get("image_base"), 64)).isEqualTo(ByteView.of(arm64, 0, 64));
    assertThat(services.startImage().isSuccess()).isTrue();
    assertThat(services.loadImage(file(zboot(Architecture.RISCV64))).status())
        .isEqualTo(EfiStatus.UNSUPPORTED);
    assertThat(services.loadImage(file(new byte[5000])).status()).isEqualTo(EfiStatus.LOAD_ERROR);
    assertThat(services.loadImage(file(new byte[5])).status()).isEqualTo(EfiStatus.LOAD_ERROR);
    int optional = ByteBuffer.wrap(arm64).order(ByteOrder.LITTLE_ENDIAN).getInt(0x3c) + 24;
    int section = optional + 112 + 48;
    for (int at :
        List.of(optional + 32, optional + 56, optional + 60, section + 12, section + 20)) {
      ByteBuffer damaged = ByteBuffer.wrap(arm64.clone()).order(ByteOrder.LITTLE_ENDIAN);
      damaged.putInt(at, 0x7fff_ffff);
      assertThat(services.loadImage(file(damaged.array())).status())
          .isEqualTo(EfiStatus.LOAD_ERROR);
    }
    assertThat(services.loadImage((buffer, size) -> EfiResult.of(EfiStatus.DEVICE_ERROR)).status())
        .isEqualTo(EfiStatus.DEVICE_ERROR);
    assertThat(
            services
                .loadImage(
                    (buffer, size) ->
                        EfiResult.of(EfiStatus.BUFFER_TOO_SMALL, "size", 2 * EfiLoads.GIB))
                .status())
        .isEqualTo(EfiStatus.OUT_OF_RESOURCES);
    assertThat(run.faults()).isEmpty();
  }

  private static byte[] zboot(Architecture architecture) {
    byte[] payload = {1, 2, 3};
    return ZbootWriter.write(
        architecture, CompressionMethod.LZ4.label(), ByteView.of(payload), 100);
  }

  private LoadedImage.LoadFile file(byte[] bytes) {
    return (buffer, size) -> {
      if (size < bytes.length) {
        return EfiResult.of(EfiStatus.BUFFER_TOO_SMALL, "size", bytes.length);
      }
      run.write(buffer, ByteView.of(bytes));
      return EfiResult.of(EfiStatus.SUCCESS);
    };
  }

  /** A write to memory that is nobody's is done and noted, as nothing would stop it. */
  @Test
  void strayWritesAreNoted() throws Stopped {
    run.write(EfiLoads.RAM + EfiLoads.GIB / 2, ByteView.of(new byte[] {1}));
    assertThat(run.faults())
        .extracting(EfiOutcome.Fault::kind)
        .containsExactly(FaultKind.STRAY_WRITE);
    assertThat(run.read(EfiLoads.RAM + EfiLoads.GIB / 2, 1).u8(0)).isEqualTo(1);
  }
}

package io.github.kexecsim.model.efi;

import static io.github.kexecsim.model.efi.StubRun.hex;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.fdt.FdtEditor;
import io.github.kexecsim.loader.fdt.FdtRegion;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.kaslr.PhysicalKaslr;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.model.efi.StubRun.Stopped;
import java.util.Arrays;
import java.util.OptionalLong;

/**
 * The stub's way from a kernel at its place to its first instruction ({@code
 * drivers/firmware/efi/libstub/efi-stub.c, efi_stub_common}, v6.2, before that the second half of
 * {@code efi_pe_entry}; {@code fdt.c, efi_boot_kernel}).
 */
final class KernelStart {
  private static final String CHOSEN = "/chosen";
  private static final long FDT_MAGIC = 0xd00d_feedL;
  private static final int RANDOM_SEED_SIZE = 32;
  private static final int MEMRESERVE_SIZE = 16;

  /**
   * A kernel at its place.
   *
   * @param range what was allocated for it
   * @param size how many bytes of it are there; the rest is its .bss
   * @param entry where it is entered
   * @param physical how its place was chosen
   */
  record Kernel(PhysRange range, long size, long entry, PhysicalKaslr physical) {}

  /** The stub's work is done. */
  static final class Entered extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Kernel kernel;
    private final transient PhysRange fdt;

    Entered(Kernel kernel, PhysRange fdt) {
      super("entered", null, false, false);
      this.kernel = kernel;
      this.fdt = fdt;
    }

    Kernel kernel() {
      return kernel;
    }

    PhysRange fdt() {
      return fdt;
    }
  }

  private final StubLibrary stub;
  private final EfiServices services;
  private final StubCommandLine commandLine;
  private final boolean nokaslr;

  KernelStart(StubLibrary stub, StubCommandLine commandLine, boolean nokaslr) {
    this.stub = stub;
    this.services = stub.services();
    this.commandLine = commandLine;
    this.nokaslr = nokaslr;
  }

  /** Comes back only if it fails. */
  EfiStatus efiStubCommon(Kernel kernel) throws Stopped, Entered {
    services.locateHandle(EfiGuid.GRAPHICS_OUTPUT_PROTOCOL);
    services.locateProtocol(EfiGuid.TCG2_PROTOCOL);
    if (!commandLine.has("noinitrd")) {
      loadInitrd();
    }
    installRandomSeed();
    installMemreserve();
    EfiStatus status = bootKernel(kernel);
    stub.message("Failed to update FDT and exit boot services");
    return status;
  }

  /** An initrd that a device offers: there is none, and the device tree's stays as it is. */
  private void loadInitrd() throws Stopped {
    EfiStatus status =
        services.locateDevicePath(EfiGuid.LOAD_FILE2_PROTOCOL, EfiGuid.LINUX_INITRD_MEDIA).status();
    if (status != EfiStatus.NOT_FOUND) {
      stub.message("Failed to load initrd: " + hex(status.value()));
    }
  }

  /** {@code random.c, efi_random_get_seed}. */
  private void installRandomSeed() throws Stopped {
    if (!services.locateProtocol(EfiGuid.RNG_PROTOCOL).isSuccess()) {
      return;
    }
    EfiResult seed =
        services.allocatePool(EfiMemoryType.ACPI_RECLAIM, Integer.BYTES + RANDOM_SEED_SIZE);
    if (!seed.isSuccess()) {
      stub.message("Failed to allocate memory for RNG seed.");
      return;
    }
    long table = seed.get("memory");
    EfiResult random = services.getRng(RANDOM_SEED_SIZE, table + Integer.BYTES);
    stub.run().write(table, ByteView.of(new byte[] {RANDOM_SEED_SIZE, 0, 0, 0}));
    boolean installed =
        random.isSuccess()
            && services
                .installConfigurationTable(EfiGuid.LINUX_RANDOM_SEED_TABLE, table)
                .isSuccess();
    if (!installed) {
      services.freePool(table);
      stub.message("Failed to obtain seed from EFI_RNG_PROTOCOL");
    }
  }

  private void installMemreserve() throws Stopped {
    EfiResult reserve = services.allocatePool(EfiMemoryType.LOADER_DATA, MEMRESERVE_SIZE);
    if (!reserve.isSuccess()) {
      stub.message("Failed to allocate memreserve entry!");
      return;
    }
    stub.run().write(reserve.get("memory"), ByteView.of(new byte[MEMRESERVE_SIZE]));
    EfiResult installed =
        services.installConfigurationTable(EfiGuid.LINUX_MEMRESERVE_TABLE, reserve.get("memory"));
    if (!installed.isSuccess()) {
      stub.message("Failed to install memreserve config table!");
    }
  }

  /** {@code fdt.c, allocate_new_fdt_and_exit_boot}: whatever fails, it says EFI_LOAD_ERROR. */
  private EfiStatus bootKernel(Kernel kernel) throws Stopped, Entered {
    OptionalLong given = stub.configurationTable(EfiGuid.DEVICE_TREE);
    ByteView tree = deviceTree(given);
    stub.message("Exiting boot services...");
    EfiResult room = stub.allocatePages(StubReserve.MAX_FDT_SIZE);
    if (!room.isSuccess()) {
      stub.message("Unable to allocate memory for new device tree.");
      return EfiStatus.LOAD_ERROR;
    }
    long address = room.get("memory");
    boolean exited = false;
    try {
      FdtEditor fdt = update(FlattenedDeviceTree.parse(tree, Limits.LARGEST));
      if (fdt.pack().length <= StubReserve.MAX_FDT_SIZE) {
        exited = exitBootServices(fdt, address);
      }
    } catch (KexecException e) {
      stub.message("Unable to construct new device tree.");
    }
    if (exited) {
      int size = (int) stub.run().read(address, 8).u32be(4);
      throw new Entered(kernel, PhysRange.ofSize(address, size));
    }
    stub.message("Exit boot services failed.");
    stub.free(StubReserve.MAX_FDT_SIZE, address);
    return EfiStatus.LOAD_ERROR;
  }

  /** {@code get_fdt}: a tree whose header is none is ignored, and an empty one made. */
  private ByteView deviceTree(OptionalLong address) throws Stopped {
    if (address.isPresent()) {
      ByteView header = stub.run().read(address.getAsLong(), 8);
      if (header.u32be(0) == FDT_MAGIC && header.u32be(4) <= StubReserve.MAX_FDT_SIZE) {
        stub.message("Using DTB from configuration table");
        return stub.run().read(address.getAsLong(), (int) header.u32be(4));
      }
      stub.message("Invalid header detected on UEFI supplied FDT, ignoring ...");
    }
    stub.message("Generating empty DTB");
    return ByteView.of(new FdtBuilder().u32("#address-cells", 2).u32("#size-cells", 2).build());
  }

  /** {@code update_fdt}. The memory map's fields are filled in at last, and do not change size. */
  private FdtEditor update(FlattenedDeviceTree tree) throws Stopped {
    FdtEditor fdt = FdtEditor.open(tree);
    for (FdtRegion region : tree.memRsv()) {
      fdt.delMemRsv(region);
    }
    if (!fdt.hasNode(CHOSEN)) {
      fdt.addSubnode("/", "chosen");
    }
    if (!commandLine.text().isEmpty()) {
      fdt.setString(CHOSEN, "bootargs", commandLine.text());
    }
    fdt.setU64(CHOSEN, "linux,uefi-system-table", stub.run().plan().block().systemTable());
    fdt.setU64(CHOSEN, "linux,uefi-mmap-start", -1);
    for (String name : Arrays.asList("size", "desc-size", "desc-ver")) {
      fdt.setU32(CHOSEN, "linux,uefi-mmap-" + name, 0xffff_ffffL);
    }
    if (!nokaslr) {
      long buffer = stub.stackBuffer();
      if (stub.randomBytes(Long.BYTES, buffer) == EfiStatus.SUCCESS) {
        fdt.setProp(CHOSEN, "kaslr-seed", stub.run().read(buffer, Long.BYTES).toByteArray());
      }
    }
    services.getVariable("SecureBoot");
    // Without variables the stub cannot tell: efi_secureboot_mode_unknown.
    fdt.setU32(CHOSEN, "linux,uefi-secure-boot", 1);
    return fdt;
  }

  /** {@code efi_exit_boot_services}: once more where the map changed in between. */
  private boolean exitBootServices(FdtEditor fdt, long address) throws Stopped {
    StubLibrary.MemoryMap map = stub.memoryMap(true);
    if (map.status() != EfiStatus.SUCCESS) {
      return false;
    }
    write(fdt, address, map.descriptors(), map.size());
    EfiStatus status = services.exitBootServices(EfiServices.PARENT, map.key()).status();
    if (status != EfiStatus.INVALID_PARAMETER) {
      return status == EfiStatus.SUCCESS;
    }
    EfiResult again = services.getMemoryMap(map.bufferSize(), map.descriptors());
    if (!again.isSuccess()) {
      return false;
    }
    write(fdt, address, map.descriptors(), again.get("size"));
    return services.exitBootServices(EfiServices.PARENT, again.get("key")).isSuccess();
  }

  private void write(FdtEditor fdt, long address, long map, long size) throws Stopped {
    fdt.setU64(CHOSEN, "linux,uefi-mmap-start", map);
    fdt.setU32(CHOSEN, "linux,uefi-mmap-size", size);
    fdt.setU32(CHOSEN, "linux,uefi-mmap-desc-size", EfiServices.DESCRIPTOR_SIZE);
    fdt.setU32(CHOSEN, "linux,uefi-mmap-desc-ver", 1);
    stub.run().write(address, ByteView.of(fdt.pack()));
  }
}
